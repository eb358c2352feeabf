import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawSchedule, schedule } from './schedule.ts';
import { faultKinds, rowOf, terminals } from './table.ts';

const long = drawSchedule({ seed: 7, milliseconds: 3_600_000 });

test('a seed always draws the same faults, and another one draws others', () => {
  assert.deepEqual(drawSchedule({ seed: 7, milliseconds: 3_600_000 }), long);
  assert.notDeepEqual(drawSchedule({ seed: 8, milliseconds: 3_600_000 }).faults, long.faults);
});

test('every kind of fault comes in an hour, at every terminal', () => {
  const seen = new Set(long.faults.map(({ kind, where }) => `${kind} ${where}`));
  for (const kind of faultKinds) {
    const places = ['terminal', 'disk', 'reader', 'link'].includes(rowOf(kind).sort) ? terminals : [''];
    for (const place of places)
      assert.ok(
        [...seen].some((one) => one.startsWith(`${kind} ${place}`)),
        kind,
      );
  }
});

test('no two faults strike the same place at once, and all are healed before the end', () => {
  for (const place of [...terminals, 'first', 'second']) {
    const here = long.faults.filter(({ where }) => where === place);
    here.forEach(({ at }, index) => {
      const before = here[index - 1];
      if (before !== undefined) assert.ok(at > before.at + before.lasts, `${place} at ${at}`);
    });
  }
  assert.ok(long.faults.every(({ at, lasts }) => at + lasts <= long.milliseconds));
});

test('a run may be drawn of some kinds alone, and is kept as JSON', () => {
  const drawn = drawSchedule({ seed: 1, milliseconds: 600_000, kinds: ['guard-killed', 'link-deaf'] });
  assert.deepEqual(new Set(drawn.faults.map(({ kind }) => kind)), new Set(['guard-killed', 'link-deaf']));
  assert.deepEqual(schedule.parse(JSON.parse(JSON.stringify(drawn))), drawn);
});
