import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followIncarnation } from './incarnation.ts';
import type { Log } from './log.ts';
import { openPosition } from './position.ts';

const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const epoch = '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33';
const [first, second] = ['0b0c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c01', '0b0c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c02'] as const;

test('what the server had confirmed counts until it is another incarnation, and from then on nothing does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-incarnation-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'position.json');
  const position = await openPosition(path, log);
  position.change({ uploaded: { [epoch]: 12 }, revocation: 7 });
  assert.equal(await followIncarnation(position, first), false, 'the first one that is told of is no other');
  assert.equal(await followIncarnation(position, first), false);
  assert.deepEqual(position.get().uploaded, { [epoch]: 12 });
  assert.equal(await followIncarnation(position, second), true);
  // As a guard finds it that is started then.
  const again = await openPosition(path, log);
  assert.deepEqual([again.get().uploaded, again.get().revocation, again.get().incarnation], [{}, 7, second]);
  assert.equal(await followIncarnation(again, second), false);
});
