/** The same minute of faults each time; `npm run faults` draws others, for as long as one likes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from './play.ts';
import { drawSchedule } from './schedule.ts';

test('a small hospital that fails for half a minute breaks no promise, and recovers by itself', async (t) => {
  const schedule = drawSchedule({ seed: 42, milliseconds: 30_000, every: 1_300 });
  const { figures, violations } = await play(schedule, { tell: (line) => t.diagnostic(line) });
  assert.deepEqual(violations, []);
  assert.ok(Number(figures['opened']) >= 5, 'somebody worked meanwhile');
});
