import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, figureAtLeast, jsonLine, percentile } from './figure.ts';

const parts = { name: 'taps', value: 2.345, unit: 'ms', floor: null, goal: 3, how: 'by hand' } as const;

test('a line of JSON has these members and no other', () => {
  assert.deepEqual(JSON.parse(jsonLine(figure(parts))), {
    name: 'taps',
    value: 2.3,
    unit: 'ms',
    floor: null,
    goal: 3,
    ok: true,
    how: 'by hand',
  });
  assert.deepEqual(Object.keys(JSON.parse(jsonLine(figure(parts)))), [
    'name',
    'value',
    'unit',
    'floor',
    'goal',
    'ok',
    'how',
  ]);
});

test('a goal is a ceiling or a floor, and may be met exactly', () => {
  assert.deepEqual(
    [2, 3, 4].map((value) => figure({ ...parts, value }).ok),
    [true, true, false],
  );
  assert.deepEqual(
    [2, 3, 4].map((value) => figureAtLeast({ ...parts, value }).ok),
    [false, true, true],
  );
});

test('a percentile is one of the samples', () => {
  const samples = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(
    [0.5, 0.95, 0.99, 1].map((share) => percentile(samples, share)),
    [50, 95, 99, 100],
  );
  assert.equal(percentile([7], 0.99), 7);
  assert.throws(() => percentile([], 0.5), /no samples/);
});
