import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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
const watch = (own: Uint8Array) => {
  const brought: ReturnType<typeof reasonsOf>[] = [];
  const late = createLateSegments({
    folder: at.folder,
    key: own,
    upload: (records) => void brought.push(reasonsOf(records)),
    log: quiet,
    every: 5,
  });
  late.begin();
  return { brought, late };
};

test('what could not be read at the start goes to the server once it can be', async () => {
  const heal = await setAside();
  const { brought, late } = watch(key);
  await delay(50);
  assert.deepEqual(brought, []);
  heal();
  for (let looks = 0; looks < 200 && brought.length === 0; looks += 1) await delay(5);
  await delay(30);
  await late.stop();
  assert.deepEqual(brought, [['one', 'two']]);
});

test('what is put there by somebody without the terminal’s key does not, nor what was readable all along', async () => {
  const heal = await setAside();
  const { brought, late } = watch(Buffer.alloc(32, 9));
  await delay(50);
  heal();
  await delay(100);
  await late.stop();
  assert.deepEqual(brought, []);
  const again = watch(key);
  await delay(50);
  await again.late.stop();
  assert.deepEqual(again.brought, []);
});
