import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { type CatchUpDeps, createCatchUp } from './catch-up.ts';

test('terminals that cannot be told are to come again, and a lost end of the database is looked for until it is seen', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
  let asked = 0;
  let ended = 0;
  let isThere = false;
  const createUnused = (): never => assert.fail('nothing else is asked for');
  const deps = {
    now: () => new Date(0),
    log: pino({ level: 'silent' }),
    background: {
      transaction: async () => {
        asked += 1;
        if (!isThere) throw new Error('the database takes nothing');
      },
    },
    hub: { highest: () => 7, streams: () => [{ end: () => (ended += 1) }], streaming: createUnused },
    policies: {},
  } as unknown as CatchUpDeps;
  const pass = async (seconds: number): Promise<void> => {
    for (let each = 0; each < seconds; each += 1) {
      t.mock.timers.tick(1_000);
      for (let turns = 0; turns < 5; turns += 1) await turn();
    }
  };
  createCatchUp(deps)(0);
  await pass(60);
  assert.equal(ended, 1);
  const before = asked;
  await pass(60);
  assert.ok(asked > before + 10, 'it goes on');
  isThere = true;
  await pass(10);
  const last = asked;
  await pass(60);
  assert.equal(asked, last, 'and ends when it was seen');
});
