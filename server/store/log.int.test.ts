import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { StoredEvent } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { record, recordAll } from './events.ts';
import { type LogQuery, listEvents } from './log.ts';

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
});
after(() => opened.close());

const list = (asked: Partial<LogQuery> = {}): Promise<StoredEvent[]> =>
  opened.database.transaction((tx) => listEvents(tx, new Date(), { limit: 50, ...asked }));
const write = (
  reason: string,
  facts: { person?: PersonId; actor?: PersonId; terminal?: TerminalId } = {},
  at = new Date(),
) =>
  opened.database.transaction((tx) => record(tx, at, { kind: 'guard.started', outcome: 'success', reason, ...facts }));
const reasonsOf = (events: readonly StoredEvent[]) => events.map(({ reason }) => reason);

/** Everything from the newest down, page by page. */
const listAll = async (asked: Partial<LogQuery> = {}): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await list({ limit: 7, ...asked, ...(last === undefined ? {} : { before: last.id }) });
    if (page.length === 0) return all;
    all.push(...page);
  }
};

describe('the log', () => {
  test('has the names of whom and what an event’s details name by identifiers, and of nobody else', async () => {
    const [person, terminal, gone] = [randomUUID(), randomUUID(), randomUUID()];
    await opened.database.query(
      `insert into person (id, number, name, roles, created_at, changed_at) values ($1, '104233', '佐藤 花子', '{}', now(), now())`,
      [person],
    );
    await opened.database.query(
      `insert into terminal (id, name, place, state, announced_at) values ($1, '3東-NS-02', '', 'announced', now())`,
      [terminal],
    );
    const detail = {
      approvedBy: person,
      joinedPeople: `${person} ${gone}`,
      subject: terminal,
      terminal: 'hello',
      session: gone,
    };
    await opened.database.transaction(async (tx) => {
      await record(tx, new Date(), { kind: 'log.viewed', outcome: 'success', detail: { session: person } });
      await record(tx, new Date(), { kind: 'ceremony.begun', outcome: 'success', detail });
    });
    const [named, other] = await list({ limit: 2 });
    assert.deepEqual(named?.names, { [person]: '佐藤 花子 · 104233', [terminal]: '3東-NS-02' });
    assert.deepEqual(named?.detail, detail);
    assert.equal(other?.names, undefined);
  });

  test('shows an event only when none before it can come any more', async (t) => {
    const written = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    t.after(() => mayCommit.resolve());
    const slow = opened.database.transaction(async (tx) => {
      await record(tx, new Date(), { kind: 'guard.started', outcome: 'success', reason: 'drawn first' });
      written.resolve();
      await mayCommit.promise;
    });
    await written.promise;
    await write('drawn second');
    assert.ok(!reasonsOf(await list()).includes('drawn second'), 'it would be passed by');
    mayCommit.resolve();
    await slow;
    assert.deepEqual(reasonsOf(await list({ limit: 2 })), ['drawn second', 'drawn first']);
  });

  test('waits for nobody who has taken back what he wrote, or who writes nothing', async () => {
    const failed = opened.database.transaction(async (tx) => {
      await record(tx, new Date(), { kind: 'guard.started', outcome: 'success' });
      throw new Error('a bug');
    });
    await assert.rejects(failed);
    const id = await opened.database.transaction(async (tx) => {
      await tx.query("update terminal set name = 'x' where false");
      return write('beside an idle one');
    });
    assert.equal((await list({ limit: 1 }))[0]?.id, id);
  });

  test('is not empty for whoever reads it while a number is drawn', async (t) => {
    const id = await write('before');
    const done = Promise.withResolvers<void>();
    t.after(() => done.resolve());
    const held = Promise.withResolvers<void>();
    // As one who draws just after the newest number was read, and before the locks are.
    const drawing = opened.database.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock_shared(5411003, (last_value + 1)::int) from event_seq');
      held.resolve();
      await done.promise;
    });
    await held.promise;
    assert.equal((await list({ limit: 1 }))[0]?.id, id);
    done.resolve();
    await drawing;
  });

  test('passes no event by, whoever writes while it is read', async () => {
    let writing = true;
    const writers = Array.from({ length: 6 }, async () => {
      for (let turn = 0; writing && turn < 100; turn += 1) {
        await opened.database.people.transaction(async (tx) => {
          const count = randomInt(1, 4);
          const facts = { kind: 'guard.started', outcome: 'success', reason: 'crowd' } as const;
          await recordAll(
            tx,
            new Date(),
            Array.from({ length: count }, () => facts),
          );
          await wait(randomInt(0, 12));
        });
      }
    });
    const readings: StoredEvent[][] = [];
    for (let count = 0; count < 12; count += 1) readings.push(await listAll());
    writing = false;
    await Promise.all(writers);
    const order = (await opened.database.query<{ id: string }>('select id from event order by seq desc')).map(
      ({ id }) => id,
    );
    for (const read of readings) {
      const ids = read.map(({ id }) => id);
      assert.deepEqual(ids, order.slice(order.indexOf(ids[0] ?? '') as number));
    }
    assert.ok(order.length > 100, `${order.length} were written meanwhile`);
  });

  test('goes on from page to page over months, also where a filter leaves little', async () => {
    const terminal = randomUUID() as TerminalId;
    const now = new Date();
    for (let count = 0; count < 30; count += 1) {
      const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + (count % 5), 10));
      await write(`month ${count}`, count % 3 === 0 ? { terminal } : {}, at);
    }
    const expected = Array.from({ length: 30 }, (_, index) => `month ${29 - index}`);
    assert.deepEqual(reasonsOf(await listAll()).slice(0, 30), expected);
    const own = await listAll({ terminal, limit: 3 });
    assert.deepEqual(
      reasonsOf(own),
      expected.filter((reason) => Number(reason.slice(6)) % 3 === 0),
    );
    assert.deepEqual(await list({ before: own.at(-1)?.id, terminal }), []);
  });

  test('shows what was written under a clock that was years off where it was written', async () => {
    const years = (count: number) => new Date(Date.now() + count * 365 * 24 * 3_600_000);
    const terminal = randomUUID() as TerminalId;
    for (let count = 0; count < 12; count += 1) {
      await write(`usual ${count}`, { terminal });
      if (count === 5) await write('years ago', { terminal }, years(-3));
      if (count === 8) await write('years ahead', { terminal }, years(3));
    }
    const usual = Array.from({ length: 12 }, (_, index) => `usual ${11 - index}`);
    const expected = [...usual.slice(0, 3), 'years ahead', ...usual.slice(3, 6), 'years ago', ...usual.slice(6)];
    for (const limit of [2, 3, 50]) {
      assert.deepEqual(reasonsOf(await listAll({ terminal, limit })), expected);
      assert.deepEqual(reasonsOf((await listAll({ limit })).slice(0, 14)), expected);
    }
  });

  test('has of a person what was about and what was by them, each once', async () => {
    const [person, other] = [randomUUID() as PersonId, randomUUID() as PersonId];
    await write('about', { person });
    await write('by', { actor: person, person: other });
    await write('both', { actor: person, person });
    await write('neither', { person: other });
    await write('by, about nobody', { actor: person });
    assert.deepEqual(reasonsOf(await listAll({ person, limit: 2 })), ['by, about nobody', 'both', 'by', 'about']);
  });

  test('ends at an event that it does not hold any more', async () => {
    assert.deepEqual(await list({ before: randomUUID() as StoredEvent['id'] }), []);
  });
});
