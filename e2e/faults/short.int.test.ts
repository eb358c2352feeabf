/** The same third of a minute of faults each time; `npm run faults` draws others, for as long as one likes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { play } from './play.ts';
import { schedule } from './schedule.ts';

const fixed = schedule.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'short.json'), 'utf8')));

test('a small hospital that fails for twenty seconds breaks no promise, and recovers by itself', async (t) => {
  const { figures, violations } = await play(fixed, { tell: (line) => t.diagnostic(line) });
  assert.deepEqual(violations, []);
  // How often depends on what else the machine does.
  assert.ok(Number(figures['opened']) >= 1, 'somebody worked meanwhile');
});
