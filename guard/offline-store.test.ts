import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openOfflineStore } from './offline-store.ts';
import { quiet } from './test-journal.ts';

const [one, other] = ['6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33', '0d8f2b6e-4f1d-4c3b-9a57-6f1c2a8e1c33'];
const nothing = { seen: 0, policy: null, entries: [] };
let folder = '';
let kept: Map<string, string>;
let writes = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-store-'));
  kept = new Map();
  writes = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));
const open = () =>
  openOfflineStore({
    path: join(folder, 'offline.json'),
    keychain: {
      tryRead: async (account) => kept.get(account),
      async write(account, secret) {
        writes += 1;
        kept.set(account, secret);
      },
      remove: async () => undefined,
    },
    account: 'offline',
    log: quiet,
  });

test('how far the journal had come is told to the keychain with each save, and when it is asked for', async () => {
  const store = await open();
  assert.equal(store.head, null);
  store.noteHead({ epoch: one, sequence: 3 });
  await store.save(nothing);
  assert.deepEqual((await open()).head, { epoch: one, sequence: 3 });
  const before = writes;
  store.noteHead({ epoch: one, sequence: 5 });
  assert.equal(writes, before, 'no record costs a write by itself');
  await store.keepHead();
  const again = await open();
  assert.deepEqual([again.head, again.rolledBack], [{ epoch: one, sequence: 5 }, false]);
  await again.save(nothing);
  assert.deepEqual((await open()).head, { epoch: one, sequence: 5 }, 'nor is it forgotten before the journal is read');
});

test('another epoch is told at once', async () => {
  const store = await open();
  store.noteHead({ epoch: one, sequence: 3 });
  await store.save(nothing);
  store.noteHead({ epoch: other, sequence: 1 });
  await new Promise(setImmediate);
  assert.deepEqual((await open()).head, { epoch: other, sequence: 1 });
});

test('where nothing was ever kept it is not told, and nothing looks set back', async () => {
  const store = await open();
  store.noteHead({ epoch: one, sequence: 3 });
  await store.keepHead();
  const again = await open();
  assert.deepEqual([again.head, again.rolledBack], [null, false]);
});

test('where a file that is lost cannot be written anew it is told, and nobody is kept from starting', async () => {
  await (await open()).save(nothing);
  const path = join(folder, 'offline.json');
  rmSync(path);
  mkdirSync(path);
  assert.equal((await open()).rolledBack, true);
  rmSync(path, { recursive: true });
  const again = await open();
  assert.deepEqual([again.rolledBack, again.content], [true, nothing]);
  await again.noteTold();
  assert.equal((await open()).rolledBack, false);
});
