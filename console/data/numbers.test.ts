import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ago, change, duration, niceTop, share, size } from './numbers.ts';

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
  assert.deepEqual(
    [0, 700, 1536, 5 * 1024 ** 2, 3.25 * 1024 ** 3, 5000 * 1024 ** 3].map((bytes) => size(bytes, 'en')),
    ['0 KiB', '0.7 KiB', '1.5 KiB', '5 MiB', '3.3 GiB', '5,000 GiB'],
  );
  const now = new Date('2026-11-30T06:00:00Z');
  assert.equal(ago('2026-11-30T05:59:30Z', now, 'en'), '0 minutes ago');
  assert.equal(ago('2026-11-30T03:30:00Z', now, 'en'), '2 hours ago');
  assert.equal(ago('2026-11-28T05:00:00Z', now, 'ja'), '2 日前');
});
