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

test('takes what is to be looked at before it is, and gives back what was right', () => {
  const limit = createLimit({ tries: 2, everyMs: 60_000 });
  assert.deepEqual(
    [1, 2, 3].map(() => limit.tryTake('a', at(0))),
    [true, true, false],
  );
  limit.putBack('a', at(1));
  assert.deepEqual([limit.tryTake('a', at(1)), limit.tryTake('a', at(1))], [true, false]);
  limit.putBack('b', at(1));
  assert.deepEqual(
    [1, 2, 3].map(() => limit.tryTake('b', at(1))),
    [true, true, false],
    'never more than the limit',
  );
});

test('keeps no more keys than it is told, however many come', () => {
  const limit = createLimit({ tries: 1, everyMs: 60_000, keys: 3 });
  for (const key of ['a', 'b', 'c', 'd']) limit.count(key, at(0));
  assert.equal(limit.allows('a', at(1)), true, 'the oldest is forgotten');
  for (const key of ['b', 'c', 'd']) assert.equal(limit.allows(key, at(1)), false);
});
