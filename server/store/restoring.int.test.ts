import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import type { TerminalId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { asSent } from '../testing-journal.ts';
import { storeReports } from './reports.ts';
import { beginRestoring } from './restoring.ts';
import { createUuid } from './uuid.ts';

const terminals = [1, 2].map(() => createUuid(new Date()) as TerminalId);
const record = sealRecord({
  epoch: '6f1c2a8e-4f1d-4c3b-9a57-0d8f2b6e1c33',
  sequence: 1,
  previous: firstPrevious,
  at: '2026-11-29T06:00:00.000Z',
  facts: { kind: 'link.lost', outcome: 'minor', factors: [], reason: 'unreachable', detail: {} },
});

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
  await opened.database.query(
    `insert into terminal (id, name, place, state, announced_at, enrolled_at)
     select id, id::text, '', 'active', now(), now() from unnest($1::uuid[]) as id`,
    [terminals],
  );
});
after(() => opened.close());

/** A report of this terminal: stored by now, and committed when it is let go. */
const beginReport = (terminal = terminals[0]) => {
  const [stored, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = opened.database.background.transaction(async (tx) => {
    await storeReports(tx, new Date(), [asSent({ terminal: terminal as TerminalId, records: [record] })]);
    stored.resolve();
    await released.promise;
  });
  done.catch(stored.reject);
  return { stored: stored.promise, release: () => released.resolve(), done };
};

/** Whoever puts a backup back; `isIn` when nobody stores anything any more. */
const beginRestore = async () => {
  const client = new pg.Client({ connectionString: opened.connectionString });
  await client.connect();
  const isIn = beginRestoring(client);
  isIn.catch(() => undefined);
  return { isIn, end: () => client.end() };
};

/** Somebody waits for the lock. */
const seeWaiting = async (): Promise<void> => {
  for (;;) {
    const [row] = await opened.database.query<{ many: number }>(
      `select count(*)::int as many from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
    );
    if (row?.many === 1) return;
    await turn();
  }
};

const isOver = async (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), seeWaiting().then(() => false)]);

test('a backup is put back after the reports that are under way, which do not wait for each other', async () => {
  const [one, other] = [beginReport(terminals[0]), beginReport(terminals[1])];
  await Promise.all([one.stored, other.stored]);
  const restore = await beginRestore();
  try {
    assert.ok(!(await isOver(restore.isIn)));
    one.release();
    await one.done;
    assert.ok(!(await isOver(restore.isIn)), 'the other one is not stored yet');
    other.release();
    await Promise.all([other.done, restore.isIn]);
  } finally {
    for (const { release } of [one, other]) release();
    await restore.end();
  }
});

test('a report waits while a backup is put back, and goes on when that is done or its connection is gone', async () => {
  const restore = await beginRestore();
  await restore.isIn;
  const report = beginReport();
  try {
    assert.ok(!(await isOver(report.stored)));
  } finally {
    report.release();
    await restore.end();
  }
  await report.stored;
  await report.done;
});
