import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { change, duration, niceTop, share } from './numbers.ts';

test('a scale ends at a round number that is not below what it shows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (highest) => {
      const top = niceTop(highest);
      assert.ok(top >= highest && top <= Math.max(1, highest * 2.5), `${highest} ${top}`);
    }),
  );
  assert.deepEqual([0, 1, 3, 7, 11, 45, 480, 2100].map(niceTop), [1, 1, 4, 10, 20, 50, 500, 4000]);
});

test('times, shares and changes read as people write them', () => {
  assert.equal(duration(870, 'en'), '870 ms');
  assert.equal(duration(4230, 'ja'), '4.2 s');
  assert.equal(share(1, 8, 'en'), '12.5%');
  assert.equal(share(0, 0, 'en'), '–');
  assert.equal(change(120, 100, 'en'), '+20%');
  assert.equal(change(5, 0, 'en'), undefined);
});
