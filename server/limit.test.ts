import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from './limit.ts';

const at = (seconds: number): Date => new Date(seconds * 1000);

test('lets so many through in a window, and anew in the next', () => {
  const limit = createLimit({ tries: 2, everyMs: 60_000 });
  for (const second of [0, 1]) {
    assert.equal(limit.allows('a', at(second)), true);
    limit.count('a', at(second));
  }
  assert.equal(limit.allows('a', at(2)), false);
  assert.equal(limit.allows('b', at(2)), true);
  assert.equal(limit.allows('a', at(60)), true);
});

test('keeps no more keys than it is told, however many come', () => {
  const limit = createLimit({ tries: 1, everyMs: 60_000, keys: 3 });
  for (const key of ['a', 'b', 'c', 'd']) limit.count(key, at(0));
  assert.equal(limit.allows('a', at(1)), true, 'the oldest is forgotten');
  for (const key of ['b', 'c', 'd']) assert.equal(limit.allows(key, at(1)), false);
});
