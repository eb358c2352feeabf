import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { type Channel, DatabaseAway, type Transaction, violates } from './database.ts';
import { record } from './events.ts';
import { migrate } from './migrate.ts';

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase({ patience: 1, ownCluster: true });
});
after(() => opened.close());

const countEvents = async (): Promise<number> =>
  (await opened.database.query<{ count: number }>('select count(*) from event'))[0]?.count ?? -1;
const insertPerson = (number: string) =>
  opened.database.query(
    `insert into person (id, number, name, roles, created_at, changed_at)
     values (gen_random_uuid(), $1, 'name', '{}', now(), now())`,
    [number],
  );

/** The next payload of a channel, and how to stop hearing. */
const hearNext = async (channel: Channel) => {
  let tell = (_payload: unknown): void => undefined;
  const next = new Promise<unknown>((resolve) => {
    tell = resolve;
  });
  const stop = await opened.database.listen(channel, (payload) => tell(payload));
  return { next, stop };
};

describe('a transaction', () => {
  test('keeps an event with what it records, or neither', async () => {
    const before = await countEvents();
    const bug = new Error('a bug after the event');
    const work = opened.database.transaction(async (tx) => {
      await record(tx, new Date(), { kind: 'server.started', outcome: 'success' });
      throw bug;
    });
    await assert.rejects(work, bug);
    assert.equal(await countEvents(), before);
    await opened.database.transaction((tx) => record(tx, new Date(), { kind: 'server.started', outcome: 'success' }));
    assert.equal(await countEvents(), before + 1);
  });

  test('says nothing of what it took back', async () => {
    const { next, stop } = await hearNext('pushed');
    const failed = opened.database.transaction(async (tx) => {
      await tx.notify('pushed', { from: 'rolled back' });
      throw new Error('a bug');
    });
    await assert.rejects(failed);
    await opened.database.transaction((tx) => tx.notify('pushed', { from: 'committed' }));
    assert.deepEqual(await next, { from: 'committed' });
    await stop();
  });

  test('notices of change come after the commit, equal ones once', async () => {
    const heard: unknown[] = [];
    let tell = (): void => undefined;
    const last = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const stop = await opened.database.listen('changed', (payload) => {
      heard.push(payload);
      if ((payload as { what: string }).what === 'last') tell();
    });
    await opened.database.transaction(async (tx) => {
      for (let count = 0; count < 5; count += 1) await tx.notify('changed', { what: 'first' });
      await tx.notify('changed', { what: 'last' });
    });
    await last;
    const ours = heard.filter((payload) => (payload as { what: string }).what !== 'events');
    assert.deepEqual(ours, [{ what: 'first' }, { what: 'last' }]);
    await stop();
  });

  test('commits durably: not before the log of the database is on disk', async () => {
    const [row] = await opened.database.query<{ commit: string; fsync: string }>(
      "select current_setting('synchronous_commit') as commit, current_setting('fsync') as fsync",
    );
    assert.deepEqual(row, { commit: 'on', fsync: 'on' });
  });
});

describe('a lane', () => {
  const sleep = (seconds: number) => `select pg_sleep(${seconds})`;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const since = performance.now();
    await work();
    return performance.now() - since;
  };

  test('that is full keeps no other one waiting, and says so in time', async () => {
    const { background, logins, people } = opened.database;
    const floods = Array.from({ length: 12 }, () =>
      people.query(sleep(3.5)).then(
        () => 'done',
        (problem) => problem,
      ),
    );
    await people.query('select 1').catch(() => undefined);
    for (const other of [opened.database, logins, background]) {
      const took = await timed(() => other.query('select 1'));
      assert.ok(took < 1000, `${took} ms`);
    }
    const outcomes = await Promise.all(floods);
    assert.ok(outcomes.filter((outcome) => outcome === 'done').length >= 5);
    const refused = outcomes.filter((outcome) => outcome !== 'done');
    assert.ok(refused.length > 0 && refused.every((problem) => problem instanceof DatabaseAway));
    await people.query('select 1');
  });

  test('gives up a statement and a lock that take too long, and goes on', async () => {
    const took = await timed(() => assert.rejects(opened.database.logins.query(sleep(20)), DatabaseAway));
    assert.ok(took < 6000, `${took} ms`);
    await insertPerson('L-1');
    const held = Promise.withResolvers<void>();
    const mayGo = Promise.withResolvers<void>();
    const holding = opened.database.transaction(async (tx) => {
      await tx.query("select 1 from person where number = 'L-1' for update");
      held.resolve();
      await mayGo.promise;
    });
    await held.promise;
    const waiting = opened.database.transaction((tx) =>
      tx.query("select 1 from person where number = 'L-1' for update"),
    );
    await assert.rejects(waiting, DatabaseAway);
    mayGo.resolve();
    await holding;
    await opened.database.logins.query('select 1');
  });

  test('outlives a connection that is ended between two statements, and one that is ended while nobody uses it', async () => {
    const end = (pid: number) => opened.database.background.query('select pg_terminate_backend($1, 5000)', [pid]);
    const pidOf = async (tx: Transaction) =>
      (await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid ?? 0;
    const cut = opened.database.transaction(async (tx) => {
      await end(await pidOf(tx));
      await tx.query('select 1');
    });
    await assert.rejects(cut, DatabaseAway);
    for (let times = 0; times < 5; times += 1) await end(await opened.database.transaction(pidOf));
    await opened.database.transaction((tx) => tx.query('select 1'));
  });

  test('takes what a statement refuses for what it is', async () => {
    await insertPerson('L-2');
    const again = await opened.database
      .transaction((tx) =>
        tx.query(`insert into person (id, number, name, roles, created_at, changed_at)
          values (gen_random_uuid(), 'L-2', 'name', '{}', now(), now())`),
      )
      .catch((problem: unknown) => problem);
    assert.equal(violates(again, 'person_number'), true);
  });
});

test('a hearer with a bug does not keep another from hearing', async () => {
  const stop = await opened.database.listen('cut', () => {
    throw new Error('a bug');
  });
  const { next, stop: stopNext } = await hearNext('cut');
  await opened.database.notify('cut', { terminal: 'x' });
  assert.deepEqual(await next, { terminal: 'x' });
  await stop();
  await stopNext();
});

test('a taken number is told from any other trouble', async () => {
  await insertPerson('A-1');
  const again = await insertPerson('A-1').catch((problem: unknown) => problem);
  assert.equal(violates(again, 'person_number'), true);
  assert.equal(violates(again, 'terminal_name'), false);
  assert.equal(violates(new Error('else'), 'person_number'), false);
});

test('the migrations run once, also when two servers start together', async () => {
  const again = await Promise.all([1, 2].map(() => migrate(opened.connectionString, () => undefined)));
  assert.deepEqual(again, [[], []]);
});
