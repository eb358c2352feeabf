import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { tryParseCheckpoint, tryParseNote } from '#core/audit/checkpoint.ts';
import { openServerKeys } from '../held-keys.ts';
import type { KeyRings } from '../key-ring.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { beginIncarnation, findIncarnation, findNewest } from '../store/log-tree.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { createSeenFile, createSeenInMemory, type SeenKeeper } from './seen.ts';
import { createSequencer, type Sequencer } from './sequencer.ts';
import { originOf } from './signers.ts';

let opened: TestDatabase;
let rings: () => KeyRings;
before(async () => {
  opened = await openTestDatabase();
  ({ rings } = await openServerKeys(opened.database, opened.folder, new Date()));
});
after(() => opened.close());

/** A process that has only just started. */
const open = (seen: SeenKeeper, background = opened.database.background): Sequencer =>
  createSequencer({ background, rings, now: () => new Date(), log: pino({ level: 'silent' }), seen });
const write = (): Promise<string> =>
  opened.database.transaction((tx) => record(tx, new Date(), { kind: 'guard.started', outcome: 'success' }));
const nameNow = async (): Promise<string> => {
  const newest = await opened.database.transaction(findNewest);
  return tryParseCheckpoint(tryParseNote(newest?.note ?? '')?.text ?? '')?.origin ?? assert.fail('nothing is signed');
};
const countAlarms = async (): Promise<number> =>
  (await opened.database.query(`select 1 from event where kind = 'log.rolled-back' and outcome = 'major'`)).length;
/** As a restore does it. Its name. */
const beginAnother = async (tx: Transaction): Promise<string> => {
  const { number } = await findIncarnation(tx);
  const next = { number: number + 1, id: randomUUID() };
  await beginIncarnation(tx, new Date(), { ...next, reason: 'restored', size: 0, given: 0 });
  return originOf(next);
};
/** Signs under another name; then everything of that is gone again, as when somebody puts back a copy of the disk. */
const signUnderAnotherAndPutBack = async (seen: SeenKeeper): Promise<string> => {
  await write();
  await open(seen).run();
  return opened.database.transaction(async (leading) => {
    await leading.query('savepoint earlier');
    const name = await beginAnother(leading);
    const { background } = opened.database;
    await open(seen, { ...background, ...leading, transaction: (work) => work(leading) }).run();
    assert.equal(seen.all()[0]?.origin, name);
    await leading.query('rollback to savepoint earlier');
    return name;
  });
};

describe('a database that was put back to before the log had its name', () => {
  for (const where of ['in its memory', 'in the file beside the keys'] as const)
    it(`is found out by who has the newer name ${where}: an alarm, and a name that nobody has seen`, async () => {
      const folder = mkdtempSync(join(opened.folder, 'seen-'));
      const seen = where === 'in its memory' ? createSeenInMemory() : createSeenFile(folder);
      const given = await signUnderAnotherAndPutBack(seen);
      const alarms = await countAlarms();
      // Somebody who knows nothing of it goes on for a while.
      await write();
      await open(createSeenInMemory()).run();
      const former = await nameNow();
      await write();
      await open(where === 'in its memory' ? seen : createSeenFile(folder)).run();
      assert.equal(await countAlarms(), alarms + 1);
      const name = await nameNow();
      assert.ok(name !== given && name !== former, name);
      rmSync(folder, { recursive: true });
    });

  it('is found out as well when the copy has any name that was lost before, and nothing else in it tells of that', async () => {
    const seen = createSeenInMemory();
    const given = await signUnderAnotherAndPutBack(seen);
    const before = await nameNow();
    await open(seen).run();
    for (const name of [given, before, given]) {
      const alarms = await countAlarms();
      await opened.database.query('update server_incarnation set id = gen_random_uuid()');
      await opened.database.query(
        'update server_incarnation set id = $1 where number = (select max(number) from server_incarnation)',
        [name.split('/').at(-1)],
      );
      await write();
      await open(seen).run();
      assert.equal(await countAlarms(), alarms + 1);
      assert.ok(![given, before].includes(await nameNow()));
    }
  });
});

it('a process that ends and knows an earlier name leaves the newer one in the file beside the keys', async () => {
  const folder = mkdtempSync(join(opened.folder, 'seen-'));
  const earlier = createSeenFile(folder);
  await write();
  await open(earlier).run();
  const given = await signUnderAnotherAndPutBack(createSeenFile(folder));
  await write();
  // It leads no more, and ends with what it has not written yet.
  const [last] = earlier.all();
  earlier.put(last ?? assert.fail());
  earlier.close();
  assert.equal(createSeenFile(folder).all()[0]?.origin, given);
});

describe('a name that the log never had', () => {
  it('is no alarm, whoever knew the one before: a restore has said so itself', async () => {
    const seen = createSeenInMemory();
    await signUnderAnotherAndPutBack(seen);
    const alarms = await countAlarms();
    const name = await opened.database.transaction(beginAnother);
    for (let round = 0; round < 3; round += 1) {
      await write();
      await open(seen).run();
    }
    assert.equal(await countAlarms(), alarms);
    assert.equal(await nameNow(), name);
  });
});

it('where what was signed cannot be kept outside of the database the log grows on, with one alarm until it can be kept', async (t) => {
  const folder = mkdtempSync(join(opened.folder, 'seen-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'log-seen.json');
  const alarms = async (): Promise<number> =>
    (await opened.database.query(`select 1 from event where kind = 'log.unkept' and outcome = 'serious'`)).length;
  const sizeNow = async (): Promise<number> => (await opened.database.transaction(findNewest))?.size ?? 0;
  const seen = createSeenFile(folder);
  const own = open(seen);
  // Each write is due at once: the file has no earlier one of this process.
  const due = open({ ...seen, put: (next) => createSeenFile(folder).put(next) });
  await write();
  await own.run();
  rmSync(path);
  mkdirSync(path);
  const before = await sizeNow();
  for (let round = 0; round < 3; round += 1) {
    await write();
    await due.run();
  }
  assert.equal(await alarms(), 1);
  assert.ok((await sizeNow()) > before + 3, 'the alarm has its place in the log, too');
  assert.equal(due.halted(), null);
  rmSync(path, { recursive: true });
  await write();
  await due.run();
  assert.equal(createSeenFile(folder).all()[0]?.size, await sizeNow());
  rmSync(path);
  mkdirSync(path);
  await write();
  await due.run();
  assert.equal(await alarms(), 2);
});
