import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minimise } from './minimise.ts';

const faults = Array.from({ length: 40 }, (_, number) => number);
const failsWith =
  (...needed: number[]) =>
  async (some: readonly number[]): Promise<boolean> =>
    needed.every((one) => some.includes(one));

test('what is left are the faults that it takes, however far they lie apart', async () => {
  assert.deepEqual(await minimise(faults, failsWith(7)), [7]);
  assert.deepEqual(await minimise(faults, failsWith(3, 21, 39)), [3, 21, 39]);
});

test('where it fails without any fault, none is left', async () => {
  assert.deepEqual(await minimise(faults, async () => true), []);
});

test('when the time is over, what is left still fails', async () => {
  let tries = 4;
  const left = await minimise(faults, failsWith(7, 30), () => tries-- > 0);
  assert.ok(left.length < faults.length || tries < 0);
  assert.ok(await failsWith(7, 30)(left));
});
