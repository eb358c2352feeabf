import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sealRecord } from '#core/audit/chain.ts';
import { readSegment, writeLine } from './journal-segment.ts';
import { createLateSegments } from './late-segments.ts';
import { createTestFolder, key, quiet, reasonsOf, type TestFolder } from './test-journal.ts';

let at: TestFolder;
beforeEach(() => {
  at = createTestFolder();
});
afterEach(() => at.remove());

/** A segment that cannot be read, set aside by the start after it; how it becomes readable again. */
const setAside = async (): Promise<() => void> => {
  await at.write('one', 'two');
  const [path = ''] = at.segments();
  const bytes = readFileSync(path);
  rmSync(path);
  mkdirSync(path);
  await at.write('three');
  const aside = path.replace(/\.jsonl$/, '.damaged.jsonl');
  return () => {
    rmSync(aside, { recursive: true });
    writeFileSync(aside, bytes);
  };
};
const watch = async (own: Uint8Array) => {
  const brought: ReturnType<typeof reasonsOf>[] = [];
  const late = createLateSegments({
    folder: at.folder,
    key: own,
    upload: (records) => void brought.push(reasonsOf(records)),
    log: quiet,
    every: 5,
  });
  await late.begin();
  return { brought, late };
};

test('what could not be read at the start goes to the server once it can be', async () => {
  const heal = await setAside();
  const { brought, late } = await watch(key);
  assert.deepEqual(brought, []);
  heal();
  while (brought.length === 0) await delay(5);
  await delay(30);
  await late.stop();
  assert.deepEqual(brought, [['one', 'two']]);
});

test('what is put there by somebody without the terminal’s key does not', async () => {
  const heal = await setAside();
  const { brought, late } = await watch(Buffer.alloc(32, 9));
  heal();
  await delay(100);
  await late.stop();
  assert.deepEqual(brought, []);
});

test('what was set aside goes once more with the next start: the guard may have died before it was sent', async () => {
  const heal = await setAside();
  heal();
  const { brought, late } = await watch(key);
  await late.stop();
  assert.deepEqual(brought, [['one', 'two']]);
});

test('what could not be read in the middle of a run goes once it can be, and nothing else does', async () => {
  await at.write('one');
  await at.write('two');
  const [path = ''] = at.segments();
  const bytes = readFileSync(path);
  rmSync(path);
  mkdirSync(path);
  const { brought, late } = await watch(key);
  await late.lookAtAll();
  rmSync(path, { recursive: true });
  writeFileSync(path, bytes);
  while (brought.length === 0) await delay(5);
  await late.stop();
  assert.deepEqual(brought, [['one']]);
});

test('a record whose flush had failed, and whose number another one has, stays on the disk', async () => {
  await at.write('one', 'two');
  await at.write('three');
  const [path = '', next = ''] = at.segments();
  const [, two] = readSegment(readFileSync(path), key).records;
  assert.ok(two);
  const { hash: previous, ...rest } = two;
  const failed = sealRecord({ ...rest, sequence: 3, previous, facts: { ...two.facts, reason: 'failed' } });
  appendFileSync(path, writeLine(failed, key));
  renameSync(path, path.replace(/\.jsonl$/, '.damaged.jsonl'));
  const first = await watch(key);
  await first.late.stop();
  assert.deepEqual(first.brought, [['one', 'two']]);

  // Also where of the one in its place nothing is left but what follows it.
  await at.write('four');
  const third = at.segments().at(-1) ?? assert.fail();
  assert.equal(readSegment(readFileSync(third), key).records[0]?.sequence, 4);
  writeFileSync(next, 'nothing');
  const second = await watch(key);
  await second.late.stop();
  assert.deepEqual(second.brought, [['one', 'two']]);
});
