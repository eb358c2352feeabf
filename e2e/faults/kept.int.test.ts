/** Faults that once broke a promise, as few of them as it took. `npm run faults` keeps them here. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { play } from './play.ts';
import { schedule } from './schedule.ts';

const folder = join(import.meta.dirname, 'kept');
for (const name of readdirSync(folder)) {
  test(`${name.replace('.json', '')} breaks no promise any more`, async (t) => {
    const kept = schedule.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    const { violations } = await play(kept, { tell: (line) => t.diagnostic(line) });
    assert.deepEqual(violations, []);
  });
}
