import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackOff } from './back-off.ts';

/** Numbers from 0 to 1, the same in each run (mulberry32). */
const createDice = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

test('each wait is up to twice the one before, to a limit, and after a success the first one again', () => {
  const backOff = createBackOff({ first: 500, longest: 8_000, random: () => 1 });
  assert.deepEqual(
    Array.from({ length: 7 }, () => backOff.next()),
    [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
  );
  backOff.reset();
  assert.equal(backOff.next(), 500);
  const shortest = createBackOff({ first: 500, longest: 8_000, random: () => 0 });
  assert.deepEqual([shortest.next(), shortest.next()], [250, 500], 'never less than half');
});

test('two thousand that lose the server at once come back spread over half of each wait', () => {
  const random = createDice(7);
  const all = Array.from({ length: 2_000 }, () => createBackOff({ first: 500, longest: 30_000, random }));
  for (const full of [500, 1_000, 2_000]) {
    const tenths = new Array<number>(10).fill(0);
    for (const one of all) {
      const tenth = Math.floor(((one.next() - full / 2) / (full / 2)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    assert.ok(Math.max(...tenths) < 260 && Math.min(...tenths) > 140, tenths.join(' '));
  }
});
