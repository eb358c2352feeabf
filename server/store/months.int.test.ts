import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { policy } from '#contract/policy.ts';
import { openServerKeys } from '../held-keys.ts';
import { keep } from '../keeper.ts';
import { readHeader, readPage } from '../log-tree/export.ts';
import { createSeenInMemory } from '../log-tree/seen.ts';
import { createSequencer, type Sequencer } from '../log-tree/sequencer.ts';
import { verifyExport } from '../log-tree/verify.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { record } from './events.ts';
import { findEnd } from './log-tree.ts';
import { migrate } from './migrate.ts';

let opened: TestDatabase;
let sequencer: Sequencer;
before(async () => {
  opened = await openTestDatabase();
  const { rings } = await openServerKeys(opened.database, opened.folder, new Date());
  const { background } = opened.database;
  const log = pino({ level: 'silent' });
  sequencer = createSequencer({ background, rings, now: () => new Date(), log, seen: createSeenInMemory() });
});
after(() => opened.close());

const monthOf = (at: Date): string => `event_${at.toISOString().slice(0, 7).replace('-', '_')}`;
const inMonths = (months: number, day = 15): Date => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, day, 12));
};
const listMonths = async (): Promise<string[]> =>
  (await opened.database.query<{ name: string }>('select name from event_month order by ends_at')).map(
    ({ name }) => name,
  );
const write = (at: Date, reason = 'test') =>
  opened.database.transaction((tx) => record(tx, at, { kind: 'guard.started', outcome: 'success', reason }));
const findIn = async (id: string): Promise<{ month: string; seq: number } | undefined> =>
  (
    await opened.database.query<{ month: string; seq: number }>(
      'select tableoid::regclass::text as month, seq from event where id = $1',
      [id],
    )
  )[0];
const keepUnplaced = (at: Date, retention = {}) =>
  keep({
    background: opened.database.background,
    policy: () => policy.parse({ retention }),
    now: () => at,
    log: pino({ level: 'silent' }),
  });
/** With every line in its place: a month whose lines have none is not dropped. */
const keepAt = async (at: Date, retention = {}): Promise<void> => {
  await sequencer.run();
  await keepUnplaced(at, retention);
};
const droppedMonths = async (): Promise<{ until: string; events: number; first: number; last: number }[]> =>
  (
    await opened.database.query<{ detail: { until: string; events: number; first: number; last: number } }>(
      "select detail from event where kind = 'log.month-dropped' order by seq",
    )
  ).map(({ detail }) => detail);

describe('the log', () => {
  test('has its months open before they come, each opened once', async () => {
    const expected = [0, 1, 2].map((months) => monthOf(inMonths(months)));
    assert.deepEqual(await listMonths(), expected);
    await Promise.all([1, 2, 3].map(() => keepAt(inMonths(2))));
    await keepAt(inMonths(2));
    assert.deepEqual(await listMonths(), [...expected, monthOf(inMonths(3)), monthOf(inMonths(4))]);
    const id = await write(inMonths(3));
    assert.equal((await findIn(id))?.month, monthOf(inMonths(3)));
  });

  test('takes a line for which no month is open, and moves it where it belongs when the month is opened', async () => {
    const [early, late] = [await write(inMonths(30)), await write(inMonths(33))];
    const before = [await findIn(early), await findIn(late)];
    assert.deepEqual(
      before.map((found) => found?.month),
      ['event_default', 'event_default'],
    );
    await opened.database.query('select open_event_month($1)', [inMonths(30)]);
    const after = [await findIn(early), await findIn(late)];
    assert.deepEqual(
      after.map((found) => found?.month),
      [monthOf(inMonths(30)), 'event_default'],
    );
    assert.deepEqual(
      after.map((found) => found?.seq),
      before.map((found) => found?.seq),
      'their numbers stay',
    );
  });

  test('cannot be changed through any of its months either', async () => {
    await opened.database.query('select open_event_month($1)', [inMonths(40)]);
    for (const name of [...(await listMonths()), 'event_default']) {
      for (const change of [`update ${name} set reason = 'x'`, `delete from ${name}`, `truncate ${name}`]) {
        await assert.rejects(opened.database.query(change), /only added to/, change);
      }
    }
  });
});

describe('a month that is no longer kept', () => {
  test('is dropped as a whole and says so, one a day; no day of a month that is kept is lost', async () => {
    for (const months of [-3, -2, -1, 0]) {
      await opened.database.query('select open_event_month($1)', [inMonths(months)]);
    }
    const ids = new Map<number, string[]>();
    for (const months of [-3, -2, -1, 0])
      ids.set(months, [await write(inMonths(months, 1)), await write(inMonths(months, 28))]);
    const seqs = await Promise.all((ids.get(-3) ?? []).map(findIn));
    const isThere = async (months: number) => (await Promise.all((ids.get(months) ?? []).map(findIn))).every(Boolean);

    const now = inMonths(0);
    await keepAt(now, { eventMonths: 1 });
    assert.deepEqual(await Promise.all([-3, -2, -1, 0].map(isThere)), [false, true, true, true]);
    assert.deepEqual(await droppedMonths(), [
      {
        until: inMonths(-3).toISOString().slice(0, 7),
        keptMonths: 1,
        events: 2,
        first: seqs[0]?.seq,
        last: seqs[1]?.seq,
      },
    ]);
    await keepAt(new Date(now.getTime() + 23 * 3_600_000), { eventMonths: 1 });
    assert.equal((await droppedMonths()).length, 1, 'not two on one day');
    await keepAt(new Date(now.getTime() + 25 * 3_600_000), { eventMonths: 1 });
    await keepAt(new Date(now.getTime() + 50 * 3_600_000), { eventMonths: 1 });
    assert.deepEqual(await Promise.all([-3, -2, -1, 0].map(isThere)), [false, false, true, true]);
    assert.equal((await droppedMonths()).length, 2);
  });

  test('leaves its hashes: what is left of the log verifies, with the positions of all that was there', async () => {
    await sequencer.run();
    const [text, size] = await opened.database.transaction(async (tx) => {
      const end = (await findEnd(tx)).size;
      return [`${await readHeader(tx, 0, end)}${await readPage(tx, 0, end)}`, end] as const;
    });
    const read = async function* () {
      yield Buffer.from(text);
    };
    const verdict = await verifyExport(read(), { believed: [], witnessed: [] });
    assert.ok(verdict.ok, JSON.stringify(verdict));
    assert.deepEqual([verdict.size, verdict.dropped], [size, 4]);
  });

  test('stays while a line of it has no place in the log yet', async () => {
    await opened.database.query('select open_event_month($1)', [inMonths(-9)]);
    const id = await write(inMonths(-9));
    const before = (await droppedMonths()).length;
    await keepUnplaced(inMonths(0, 25), { eventMonths: 8 });
    assert.equal((await droppedMonths()).length, before);
    assert.ok(await findIn(id));
    await keepAt(inMonths(0, 25), { eventMonths: 8 });
    assert.equal((await droppedMonths()).length, before + 1);
  });

  test('is not dropped by a statement for one that is kept', async () => {
    const kept = monthOf(inMonths(-1));
    await assert.rejects(opened.database.query('select drop_event_month($1, $2)', [kept, inMonths(-1, 1)]), /is kept/);
    assert.ok((await listMonths()).includes(kept));
  });

  test('keeps nobody from the log while somebody reads it: it is put off', async () => {
    const reader = new pg.Client({ connectionString: opened.connectionString });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select count(*) from event');
    const before = (await droppedMonths()).length;
    const keeping = assert.rejects(keepAt(inMonths(1, 20), { eventMonths: 1 }), /away/);
    let slowest = 0;
    const isOver = keeping.then(() => true);
    while (!(await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 20, false))]))) {
      const since = performance.now();
      await write(new Date());
      slowest = Math.max(slowest, performance.now() - since);
    }
    assert.ok(slowest < 2500, `a line waited ${slowest} ms`);
    assert.equal((await droppedMonths()).length, before);
    await reader.query('rollback');
    await reader.end();
    await keepAt(inMonths(1, 20), { eventMonths: 1 });
    assert.equal((await droppedMonths()).length, before + 1);
  });
});

test('what was written before there were months is kept, in its order, with the heads of its journals', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-migrations-'));
  t.after(() => rm(folder, { recursive: true }));
  const own = new URL('./migrations/', import.meta.url);
  for (const name of await readdir(own)) if (name < '0013') await cp(new URL(name, own), join(folder, name));
  await opened.database.query('create database before');
  const url = Object.assign(new URL(opened.connectionString), { pathname: '/before' }).href;
  await migrate(url, () => undefined, folder);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  await client.query(`
    insert into event (id, at, kind, outcome, terminal, epoch, sequence, previous, hash)
    select gen_random_uuid(), now() - (50 - i) * interval '10 days', 'guard.started', 'success', md5('t')::uuid,
           md5('e' || i % 2)::uuid, i, 'p', 'h' || i from generate_series(1, 50) i`);
  const before = await client.query('select seq, id, hash from event order by seq');
  await migrate(url, () => undefined);
  assert.deepEqual((await client.query('select seq, id, hash from event order by seq')).rows, before.rows);
  const heads = await client.query('select sequence, hash from journal_head order by sequence');
  assert.deepEqual(
    heads.rows.map(({ sequence, hash }) => [Number(sequence), hash]),
    [
      [49, 'h49'],
      [50, 'h50'],
    ],
  );
  await assert.rejects(client.query('delete from event_before'), /only added to/);
  const written = await client.query(
    `insert into event (id, at, kind, outcome) values (gen_random_uuid(), now(), 'guard.started', 'success') returning seq`,
  );
  assert.ok(Number(written.rows[0].seq) > Number(before.rows.at(-1).seq));
});
