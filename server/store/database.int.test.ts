import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../testing.ts';
import { type Channel, violates } from './database.ts';
import { record } from './events.ts';
import { migrate } from './migrate.ts';

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
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
