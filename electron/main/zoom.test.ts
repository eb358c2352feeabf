import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepFrom, tryReadZoom, type Zoom } from './zoom.ts';

const key = { type: 'keyDown', control: true, alt: false, meta: false, key: '+' } as const;

test('the keys of every browser, on a Japanese keyboard too, and no others', () => {
  for (const one of ['+', '=', ';']) assert.equal(tryReadZoom({ ...key, key: one }), 'in', one);
  assert.equal(tryReadZoom({ ...key, key: '-' }), 'out');
  assert.equal(tryReadZoom({ ...key, key: '0' }), 'whole');
  for (const other of [{ key: 'k' }, { key: '1' }, { control: false }, { alt: true }, { meta: true }] as const)
    assert.equal(tryReadZoom({ ...key, ...other }), undefined, JSON.stringify(other));
  assert.equal(tryReadZoom({ ...key, type: 'keyUp' }), undefined);
});

test('goes by steps to both ends, stays there, and comes back to the whole', () => {
  const walk = (from: number, zoom: Zoom, times: number): number =>
    Array.from({ length: times }).reduce<number>((factor) => stepFrom(factor, zoom), from);
  assert.equal(walk(1, 'in', 5), 2);
  assert.equal(walk(1, 'in', 50), 3);
  assert.equal(walk(1, 'out', 50), 0.5);
  // As a page gives it back.
  assert.equal(stepFrom(1.100000023841858, 'in'), 1.25);
  assert.equal(stepFrom(1.100000023841858, 'out'), 1);
  assert.equal(stepFrom(2.5, 'whole'), 1);
});
