import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readRecords } from './journal-folder.ts';
import { createRetention } from './journal-retention.ts';
import { createTestFolder, quiet, reasonsOf, type TestFolder } from './test-journal.ts';

let at: TestFolder;
beforeEach(() => {
  at = createTestFolder();
});
afterEach(() => at.remove());

const day = 24 * 3_600_000;

test('what is confirmed goes thirty days later, by the server’s clock, and nothing else does', async () => {
  // Each run has a segment of its own.
  for (let run = 1; run <= 12; run += 1) await at.write(String(run));
  let confirmed = 2;
  const retention = createRetention({
    folder: at.folder,
    path: join(at.folder, 'confirmed.json'),
    uploadedOf: () => confirmed,
    log: quiet,
  });
  const left = async () => reasonsOf((await readRecords(at.folder, null)).records).map(Number);
  const begin = Date.parse('2026-11-22T06:00:00Z');
  await retention.drop(begin);
  confirmed = 3;
  await retention.drop(begin + 20 * day);
  await retention.drop(begin + 29.9 * day);
  assert.equal((await left()).length, 12);
  await retention.drop(begin + 30 * day);
  assert.deepEqual(await left(), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  confirmed = 0;
  await retention.drop(begin + 49 * day);
  confirmed = 12;
  await retention.drop(begin + 51 * day);
  assert.equal((await left())[0], 3, 'a server that was put back has it asked for again: thirty days from anew');
  await retention.drop(begin + 81 * day);
  assert.deepEqual(await left(), [5, 6, 7, 8, 9, 10, 11, 12], 'the newest stay');
  const opened = await at.open({ uploadedOf: () => 12 });
  assert.equal(opened.repaired, null);
  const written = await opened.append({ kind: 'link.lost', outcome: 'minor' });
  assert.ok(written.ok && written.value.sequence === 13);
  await opened.close();
});

test('a segment that cannot be read stays, and keeps no other from going', async () => {
  for (let run = 1; run <= 12; run += 1) await at.write(String(run));
  const unreadable = at.segments()[1] ?? assert.fail();
  rmSync(unreadable);
  mkdirSync(unreadable);
  const retention = createRetention({
    folder: at.folder,
    path: join(at.folder, 'confirmed.json'),
    uploadedOf: () => 12,
    log: quiet,
  });
  const begin = Date.parse('2026-11-22T06:00:00Z');
  await retention.drop(begin);
  await retention.drop(begin + 30 * day);
  const { records } = await readRecords(at.folder, null);
  assert.deepEqual(reasonsOf(records).map(Number), [5, 6, 7, 8, 9, 10, 11, 12]);
  assert.ok(existsSync(unreadable));
});
