import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openOutsideHead } from './outside-head.ts';
import { openTerminalSecret } from './terminal-secret.ts';
import { quiet } from './test-journal.ts';

let folder = '';
let kept: Map<string, string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-head-'));
  kept = new Map();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const head = { epoch: '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33', sequence: 7, hash: 'a'.repeat(64) };
const path = () => join(folder, 'head.json');
/** A start of the guard. */
async function start() {
  const keychain = {
    tryRead: async (account: string) => kept.get(account),
    write: async (account: string, secret: string) => void kept.set(account, secret),
    remove: async () => undefined,
  };
  const secret = await openTerminalSecret({ keychain, account: 'one', log: quiet });
  assert.ok(secret);
  return openOutsideHead({ path: path(), secret, log: quiet, retryEvery: 5 });
}
/** A run of the guard: what it finds, and what it leaves. */
async function run(keep?: typeof head) {
  const outside = await start();
  if (keep) outside.keep(keep);
  await outside.stop();
  return { head: outside.head, restored: outside.restored };
}

test('the newest record is known to the next run', async () => {
  assert.deepEqual(await run(head), { head: null, restored: false });
  assert.deepEqual(await run(), { head, restored: false });
  assert.deepEqual(await run(), { head, restored: false });
});

test('a copy from an earlier run is seen, and so is none at all', async () => {
  await run(head);
  cpSync(path(), join(folder, 'copy'));
  await run({ ...head, sequence: 9 });
  cpSync(join(folder, 'copy'), path());
  assert.equal((await run()).restored, true);
  assert.equal((await run()).restored, false);
  rmSync(path());
  assert.equal((await run()).restored, true);
});

test('a run that ended between file and keychain is no older copy', async () => {
  await run(head);
  const before = new Map(kept);
  await run();
  kept = before;
  assert.deepEqual(await run(), { head, restored: false });
});

test('a head that was changed by hand counts as none', async () => {
  await run(head);
  writeFileSync(path(), readFileSync(path(), 'utf8').replace('"sequence":7', '"sequence":5'));
  assert.deepEqual(await run(), { head: null, restored: true });
});

test('a run whose file cannot be written goes on, and has begun when it can be: none of it looks like an older copy', async () => {
  await run(head);
  rmSync(path());
  mkdirSync(path());
  const before = new Map(kept);
  const outside = await start();
  outside.keep({ ...head, sequence: 8 });
  await outside.stop();
  assert.deepEqual(kept, before, 'the file of before would be taken for an older copy');
  const again = await start();
  assert.equal(again.restored, true, 'what was there is gone');
  rmSync(path(), { recursive: true });
  again.keep({ ...head, sequence: 9 });
  while (kept.get('one') === before.get('one')) await wait(2);
  await again.stop();
  assert.deepEqual(await run(), { head: { ...head, sequence: 9 }, restored: false });
});

test('where no keychain answers there is no secret', async () => {
  const none = async () => {
    throw new Error('no keychain');
  };
  const keychain = { tryRead: none, write: none, remove: none };
  assert.equal(await openTerminalSecret({ keychain, account: 'one', log: quiet }), undefined);
});
