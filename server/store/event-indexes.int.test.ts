import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { TerminalId } from '#contract/ids.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { createDice } from '../testing-dice.ts';
import { createDatabase, type Database, type Transaction } from './database.ts';
import { renewEventIndexes } from './event-indexes.ts';
import { asEventRow, eventColumns, eventRecord } from './event-rows.ts';
import { type JournalRow, recordJournal } from './events.ts';
import { findStored, journalKey, type Run } from './journal-heads.ts';
import { listEvents } from './log.ts';
import { migrate } from './migrate.ts';
import { createUuid } from './uuid.ts';

const ownFolder = new URL('./migrations/', import.meta.url);
const long = new Date('2020-01-01T00:00:00Z');
const at = new Date();

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
});
after(() => opened.close());

interface Placed {
  readonly terminal: TerminalId;
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
}

type Put = (tx: Transaction, rows: readonly JournalRow[]) => Promise<unknown>;

/** As a server of before wrote them. */
const putOld: Put = (tx, rows) =>
  tx.query(
    `insert into event (${eventColumns}, epoch, sequence, previous, hash)
     select ${eventColumns}, epoch, sequence, previous, hash
       from json_to_recordset($1::json) as e(${eventRecord}, epoch uuid, sequence bigint, previous text, hash text)`,
    [JSON.stringify(rows.map(({ event, place }) => ({ ...event, id: createUuid(at), ...place })))],
  );

const write = (database: Database, put: Put, chain: string | null, placed: readonly Placed[]): Promise<unknown> =>
  database.transaction((tx) =>
    put(
      tx,
      placed.map(({ terminal, epoch, sequence, hash }) => ({
        event: asEventRow(
          null,
          at,
          { kind: 'link.lost', outcome: 'success', factors: [], detail: chain === null ? {} : { chain } },
          terminal,
          at,
        ),
        place: { epoch, sequence, previous: hash, hash },
      })),
    ),
  );

/**
 * Journals of some terminals as reports leave them: in their order, several at a time, begun in the middle, with gaps that
 * are filled later.
 */
const writeJournals = async (
  database: Database,
  seed: number,
  put: Put = recordJournal,
): Promise<readonly Placed[]> => {
  const dice = createDice(seed);
  const all: Placed[] = [];
  const journals = Array.from({ length: 6 }, (_, place) => ({
    terminal: randomUUID() as TerminalId,
    epoch: randomUUID(),
    next: place % 2 === 0 ? 1 : 1 + dice(100),
    missing: [] as number[],
    isFirst: true,
  }));
  // Two of one terminal.
  const [one, other] = journals;
  if (one !== undefined && other !== undefined) other.terminal = one.terminal;
  for (let round = 0; round < 60; round += 1) {
    const journal = journals[dice(journals.length)];
    if (journal === undefined) continue;
    const { epoch, terminal } = journal;
    const toPlaced = (sequence: number): Placed => ({
      terminal,
      epoch,
      sequence,
      hash: `${dice(2 ** 30)}`.padStart(64, '0'),
    });
    const late = dice(4) === 0 ? journal.missing.splice(0, 1 + dice(5)) : [];
    const skipped = journal.isFirst || dice(5) > 0 ? 0 : 1 + dice(70);
    for (let count = 0; count < skipped; count += 1) journal.missing.push(journal.next + count);
    journal.next += skipped;
    const first = toPlaced(journal.next);
    const fresh = Array.from({ length: dice(90) }, (_, place) => toPlaced(journal.next + 1 + place));
    const isAside = skipped > 0 || (journal.isFirst && journal.next > 1);
    const aside = late.map(toPlaced);
    await write(database, put, 'sequence', [...aside, ...(isAside ? [first] : [])]);
    await write(database, put, null, [...(isAside ? [] : [first]), ...fresh]);
    journal.next += 1 + fresh.length;
    journal.isFirst = false;
    all.push(...aside, first, ...fresh);
  }
  return all;
};

const assertFound = async (database: Database, all: readonly Placed[], seed: number): Promise<void> => {
  const dice = createDice(seed);
  const journals = Map.groupBy(all, journalKey);
  for (let round = 0; round < 60; round += 1) {
    const runs = [...journals.values()].flatMap(([one]): Run[] => {
      if (one === undefined) return [];
      const first = 1 + dice(700);
      return [{ terminal: one.terminal, epoch: one.epoch, first, last: first + dice(round % 2 === 0 ? 3 : 300) }];
    });
    const stored = await database.transaction((tx) => findStored(tx, runs, long));
    for (const run of runs) {
      const wanted = (journals.get(journalKey(run)) ?? []).filter(
        ({ sequence }) => sequence >= run.first && sequence <= run.last,
      );
      assert.deepEqual(
        [...(stored.get(journalKey(run)) ?? [])].sort(([one], [other]) => one - other),
        wanted.map(({ sequence, hash }) => [sequence, hash] as const).sort(([one], [other]) => one - other),
        `${run.first} to ${run.last}`,
      );
    }
  }
};

const indexesOf = async (database: Database): Promise<Record<string, boolean>> =>
  Object.fromEntries(
    (
      await database.query<{ name: string; valid: boolean }>(
        `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'event'::regclass`,
      )
    ).map(({ name, valid }) => [name, valid]),
  );

describe('what is stored of a journal', () => {
  for (const seed of [1, 2, 3])
    test(`is found at any place, in whichever order it came (seed ${seed})`, async () => {
      await assertFound(opened.database, await writeJournals(opened.database, seed), seed);
    });
});

/** Each line of a terminal is found once, by the terminal and with its kind. */
const assertListed = async (database: Database, all: readonly Placed[]): Promise<void> => {
  for (const [terminal, placed] of Map.groupBy(all, (one) => one.terminal)) {
    for (const kind of [undefined, 'link.lost'] as const) {
      const found = await database.transaction((tx) => listEvents(tx, new Date(), { terminal, kind, limit: 10_000 }));
      assert.equal(new Set(found.map(({ id }) => id)).size, placed.length);
      assert.equal(found.length, placed.length);
    }
  }
};

const replaced = ['event_record', 'event_at', 'event_kind', 'event_terminal', 'event_person'];
const fresh = ['event_record_mark', 'event_record_aside', 'event_of_kind', 'event_of_terminal', 'event_of_person'];

for (const version of [53, 55])
  test(`indexes of a log that has lines from before migration ${version} are replaced while it is used, and where it was cut short it is begun anew`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'kazasu-indexes-'));
    t.after(() => rm(folder, { recursive: true }));
    for (const name of await readdir(ownFolder))
      if (name < `00${version}`) await cp(new URL(name, ownFolder), join(folder, name));
    await opened.database.query(`create database of_before_${version}`);
    const url = Object.assign(new URL(opened.connectionString), { pathname: `/of_before_${version}` }).href;
    await migrate(url, () => undefined, folder);
    const database = createDatabase({ connectionString: url, report: () => undefined });
    t.after(() => database.close());
    const all = [...(await writeJournals(database, 4, putOld))];
    const before = await indexesOf(database);
    const due = replaced.filter((name) => before[name] === true);
    assert.deepEqual(due, version === 53 ? replaced : replaced.slice(2));

    await migrate(url, () => undefined);
    const between = await indexesOf(database);
    for (const name of due) assert.equal(between[name], true, name);
    for (const name of fresh) assert.equal(between[name], before[name] ?? false, name);
    await assertFound(database, all, 4);
    await assertListed(database, all);
    all.push(...(await writeJournals(database, 5)));
    await assertListed(database, all);
    const [month] = await database.query<{ name: string }>(
      'select tableoid::regclass::text as name from event group by 1 order by count(*) desc limit 1',
    );
    // One was being made, another one was made whole.
    await database.query(`create index ${month?.name}_of_terminal on ${month?.name} (kind)`);
    await database.query(`create index ${month?.name}_of_kind on ${month?.name} (kind, seq) where alike >= 0`);
    await database.query(`alter index event_of_kind attach partition ${month?.name}_of_kind`);
    await assertListed(database, all);
    const cut = new AbortController();
    await database.transaction(async (tx) => {
      await tx.query(`lock table ${month?.name} in share update exclusive mode`);
      const renewing = renewEventIndexes(url, cut.signal);
      const waiting = `select from pg_stat_activity where application_name = 'kazasu indexes' and wait_event_type = 'Lock'
                          and datname = current_database()`;
      while ((await database.background.query(waiting)).length === 0) await wait(10);
      cut.abort();
      await assert.rejects(renewing);
    });
    for (const name of due) assert.equal((await indexesOf(database))[name], true, name);

    // The one that was cut short ends what it was at.
    while (!(await renewEventIndexes(url))) await wait(50);
    const later = await indexesOf(database);
    for (const name of replaced) assert.equal(later[name], undefined, name);
    for (const name of fresh) assert.equal(later[name], true, name);
    await assertFound(database, all, 5);
    await assertListed(database, all);
    await database.query(`select open_event_month(now() + interval '200 days')`);
    assert.deepEqual(await indexesOf(database), later);
    assert.equal(await renewEventIndexes(url), false);
  });

test('a log without lines has the new ones from the start', async () => {
  const indexes = await indexesOf(opened.database);
  for (const name of replaced) assert.equal(indexes[name], undefined, name);
  for (const name of fresh) assert.equal(indexes[name], true, name);
});
