import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeeper } from './keeper.ts';

/** A disk that takes nothing while it is full. */
function createDisk() {
  const written: number[] = [];
  const disk = { full: false, value: 0, written, failed: 0 };
  const keeper = createKeeper({
    async put() {
      const { value } = disk;
      await new Promise(setImmediate);
      if (disk.full) throw new Error('full');
      written.push(value);
    },
    onFailed() {
      disk.failed += 1;
    },
    retryEvery: 5,
  });
  return { disk, keeper };
}
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('what could not be written is tried again by itself until it holds; whoever waits for that waits', async () => {
  const { disk, keeper } = createDisk();
  disk.full = true;
  disk.value = 1;
  assert.equal(await keeper.keep(), false);
  let settled: boolean | undefined;
  void keeper.settled().then((is) => {
    settled = is;
  });
  await until(() => disk.failed >= 3);
  assert.equal(settled, undefined);
  disk.full = false;
  await until(() => settled !== undefined);
  assert.equal(settled, true);
  assert.deepEqual(disk.written, [1]);
  await keeper.stop();
});

test('each who changes something hears of a write that has seen it; those who come together share one', async () => {
  const { disk, keeper } = createDisk();
  disk.value = 1;
  const first = keeper.keep();
  await Promise.resolve();
  disk.value = 2;
  const second = keeper.keep();
  disk.value = 3;
  assert.deepEqual(await Promise.all([first, second, keeper.keep()]), [true, true, true]);
  assert.deepEqual(disk.written, [1, 3]);
  assert.equal(await keeper.settled(), true);
  await keeper.stop();
});

test('at its end what does not hold is tried once more, and nobody waits any longer', async () => {
  const { disk, keeper } = createDisk();
  disk.full = true;
  await keeper.keep();
  const settled = keeper.settled();
  await keeper.stop();
  assert.equal(await settled, false);
  assert.deepEqual(disk.written, []);
  const { failed } = disk;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(disk.failed, failed);

  const later = createDisk();
  later.disk.full = true;
  later.disk.value = 7;
  await later.keeper.keep();
  later.disk.full = false;
  await later.keeper.stop();
  assert.deepEqual(later.disk.written, [7]);
});
