import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { EventFacts } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { createDice } from '../testing-dice.ts';
import { asEventRow, type EventRow, eventColumns, eventRecord } from './event-rows.ts';
import { findAlike, isMark, listAlong, stretch } from './event-stretches.ts';
import { recordJournal } from './events.ts';
import { type LogQuery, listEvents } from './log.ts';
import { findNumbers, type LogRange } from './log-range.ts';
import { monthFrom } from './months.ts';
import { readFigures } from './terminal-figures.ts';
import { createUuid } from './uuid.ts';

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
});
after(() => opened.close());

const pick = <Value>(dice: (sides: number) => number, values: readonly Value[]): Value =>
  values[dice(values.length)] as Value;

const kinds = ['screen.opened', 'screen.locked', 'link.lost', 'guard.started', 'offline.opened', 'log.viewed'] as const;
interface Line extends EventRow {
  readonly seq: number;
  readonly alike: number;
}

const ids = <Id extends string>(count: number): Id[] => Array.from({ length: count }, () => randomUUID() as Id);

/** A log of two months, into which several wrote at once: reports of terminals, and the server line by line. */
const writeLog = async (seed: number) => {
  const dice = createDice(seed);
  const [terminals, people] = [ids<TerminalId>(4), ids<PersonId>(4)];
  const now = new Date();
  const begins = [monthFrom(now, -1).getTime() + 40_000_000, monthFrom(now, 0).getTime() + 1000];
  const lines: Line[] = [];
  let [{ seq } = { seq: 0 }] = await opened.database.query<{ seq: number }>('select last_value as seq from event_seq');
  for (const began of begins) {
    for (let round = 0; round < 25; round += 1) {
      const writers = Array.from({ length: 1 + dice(3) }, (_, place) => {
        const at = new Date(began + round * 60_000 + place * dice(2));
        const few = 1 + dice(3);
        const rows: ReturnType<typeof asEventRow<string>>[] = [];
        for (let report = 0; report < 1 + dice(2); report += 1) {
          const terminal = pick(dice, terminals);
          for (let count = dice(pick(dice, [2, 20, 300])); count > 0; count -= 1) {
            const facts: EventFacts = {
              kind: pick(dice, kinds.slice(0, few * 2)),
              outcome: 'success',
              factors: [],
              detail: {},
              person: dice(3) === 0 ? pick(dice, people.slice(0, few)) : null,
              actor: dice(40) === 0 ? pick(dice, people) : null,
              supportCode: dice(40) === 0 ? 'AAA-AAA-AAA' : null,
            };
            rows.push(asEventRow(createUuid(at), at, facts, terminal, at));
          }
        }
        return { isOne: dice(4) === 0, rows, seqs: [] as number[] };
      });
      // Each of them draws a number, in any order.
      for (;;) {
        const [writer] = writers.filter(({ rows, seqs }) => seqs.length < rows.length).sort(() => dice(3) - 1);
        if (writer === undefined) break;
        for (let run = 1 + dice(30); run > 0 && writer.seqs.length < writer.rows.length; run -= 1) {
          seq += 1;
          writer.seqs.push(seq);
        }
      }
      for (const { isOne, rows, seqs } of writers) {
        const alike = findAlike(
          rows.map((event) => ({ event })),
          seqs,
        );
        for (const [place, row] of rows.entries())
          lines.push({ ...row, seq: seqs[place] as number, alike: isOne ? 0 : (alike[place] as number) });
      }
    }
  }
  await opened.database.transaction(async (tx) => {
    await tx.query(
      `insert into event (seq, alike, ${eventColumns})
       select seq, alike, ${eventColumns} from json_to_recordset($1::json) as e(seq bigint, alike smallint, ${eventRecord})`,
      [JSON.stringify(lines)],
    );
    await tx.query(`select setval('event_seq', $1)`, [seq]);
  });
  lines.sort((one, another) => another.seq - one.seq);
  return { lines, terminals, people, dice };
};

const aside: readonly string[] = ['log.viewed', 'revocation.issued', 'revocation.confirmed'];
/** What is asked for, by the rules alone. */
const isAskedFor =
  ({ terminal, kind, person, supportCode, shows, range }: Partial<LogQuery>) =>
  (one: Line): boolean =>
    (terminal === undefined || one.terminal === terminal) &&
    (kind === undefined || one.kind === kind) &&
    (person === undefined || one.person === person || one.actor === person) &&
    (supportCode === undefined || one.support_code === supportCode) &&
    (shows !== 'story' || !aside.includes(one.kind)) &&
    (range === undefined ||
      ((range.from === null || one.at >= range.from) &&
        (range.to === null || one.at < range.to) &&
        (range.lowest === null || one.seq >= range.lowest) &&
        (range.highest === null || one.seq <= range.highest)));

type Dice = ReturnType<typeof createDice>;
type Log = Awaited<ReturnType<typeof writeLog>>;

const drawRange = async (dice: Dice, lines: readonly Line[]): Promise<LogRange | undefined> => {
  const [one, another] = [pick(dice, lines).at, pick(dice, lines).at].sort((a, b) => a.getTime() - b.getTime());
  const times = { from: dice(4) === 0 ? null : (one ?? null), to: dice(4) === 0 ? null : (another ?? null) };
  const numbers = dice(5);
  if (numbers < 2) return undefined;
  const [lowest, highest] = [pick(dice, lines).seq, pick(dice, lines).seq].sort((a, b) => a - b);
  if (numbers === 4) return { from: null, to: null, lowest: lowest ?? null, highest: highest ?? null };
  return numbers === 2
    ? { ...times, lowest: null, highest: null }
    : opened.database.transaction((tx) => findNumbers(tx, times));
};

/** Always of a terminal: by a kind alone, the log has lines of other tests too. */
const drawQuery = async ({ dice, lines, people, terminals }: Log): Promise<Partial<LogQuery>> => ({
  terminal: pick(dice, terminals),
  kind: dice(2) === 0 ? undefined : pick(dice, kinds),
  person: dice(2) === 0 ? undefined : pick(dice, people),
  supportCode: dice(12) === 0 ? 'AAA-AAA-AAA' : undefined,
  shows: dice(3) === 0 ? 'story' : undefined,
  range: await drawRange(dice, lines),
});

/** Asks for some pages, from the newest or from any on. Answers how many lines were found that are in no index. */
const readPages = async (asked: Partial<LogQuery>, { dice, lines }: Log): Promise<number> => {
  const limit = pick(dice, [3, 51, 51, 400]);
  const wanted = lines.filter(isAskedFor(asked));
  const first = dice(Math.max(1, wanted.length - 1));
  let before = dice(2) === 0 ? undefined : wanted[first];
  let rest = before === undefined ? wanted : wanted.slice(first + 1);
  let aside = 0;
  for (let page = 0; page < 6; page += 1) {
    const cursor = before === undefined ? {} : { before: before.id as LogQuery['before'] };
    const found = await opened.database.transaction((tx) => listEvents(tx, new Date(), { ...asked, ...cursor, limit }));
    const next = rest.slice(0, limit);
    const said = JSON.stringify({ ...asked, limit, page });
    assert.deepEqual(
      found.map(({ id }) => id),
      next.map(({ id }) => id),
      said,
    );
    aside += next.filter(({ alike }) => alike === -1).length;
    before = next.at(-1);
    rest = rest.slice(limit);
    if (rest.length === 0) break;
  }
  return aside;
};

describe('a log of which only marks are in the indexes', () => {
  for (const seed of [11, 12, 13])
    test(`shows by any filter what is in it, each line once, page by page (seed ${seed})`, async () => {
      const log = await writeLog(seed);
      let aside = 0;
      for (let round = 0; round < 120; round += 1) aside += await readPages(await drawQuery(log), log);
      assert.ok(aside > 1000, `${aside} of those that were found are in no index`);
    });

  test('shows lines of one kind or person at all terminals', async () => {
    const { lines, people } = await writeLog(14);
    const from = (lines.at(-1) as Line).seq;
    for (const kind of [undefined, ...kinds])
      for (const person of [undefined, ...people]) {
        if (kind === undefined && person === undefined) continue;
        const found = await opened.database.transaction((tx) =>
          listEvents(tx, new Date(), {
            kind,
            person,
            limit: 100_000,
            range: { from: null, to: null, lowest: from, highest: null },
          }),
        );
        assert.deepEqual(
          found.map(({ id }) => id),
          lines.filter(isAskedFor({ kind, person })).map(({ id }) => id),
        );
      }
  });

  test('is read no further than what is wanted', async () => {
    const terminal = randomUUID() as TerminalId;
    const at = new Date();
    const rows = Array.from({ length: 5000 }, (_, place) => ({
      event: asEventRow(
        null,
        at,
        { kind: place % 2 === 0 ? 'link.lost' : 'link.restored', outcome: 'success', factors: [], detail: {} },
        terminal,
        at,
      ),
      place: null,
    }));
    await opened.database.transaction((tx) => recordJournal(tx, rows));
    await opened.database.query('vacuum analyze event');
    const [{ marks } = { marks: 0 }] = await opened.database.query<{ marks: number }>(
      `select count(*)::int as marks from event where terminal = $1 and ${isMark}`,
      [terminal],
    );
    assert.equal(marks, 2 * Math.ceil(5000 / stretch));
    await opened.database.transaction(async (tx) => {
      await tx.query('set local enable_sort = off');
      const plan = await tx.query<{ 'QUERY PLAN': string }>(
        `explain (analyze, costs off) ${listAlong(['e.terminal = $1'], {}, 51)}`,
        [terminal],
      );
      const text = plan.map((line) => line['QUERY PLAN']).join('\n');
      assert.match(text, /_of_terminal/);
      const calls = /Function Scan on event_lines.*loops=(\d+)\)/.exec(text)?.[1];
      assert.ok(Number(calls) < 8, text);
    });
  });
});

test('figures of a terminal count what is in no index', async () => {
  const terminal = randomUUID() as TerminalId;
  const at = new Date();
  const told = { readyMs: 900, machineMs: 300 };
  const rows = Array.from({ length: 700 }, (_, place) => ({
    event: asEventRow(
      null,
      at,
      {
        kind:
          pick(() => place % 7, ['screen.opened', 'screen.locked', 'card.misread', 'reader.lost'] as const) ??
          'link.lost',
        outcome: 'success',
        factors: [],
        detail: told,
      },
      terminal,
      at,
    ),
    place: null,
  }));
  await opened.database.transaction((tx) => recordJournal(tx, rows));
  const figures = await opened.database.transaction((tx) => readFigures(tx, new Date(at.getTime() - 60_000)));
  const of = figures.of.get(terminal);
  assert.deepEqual([of?.ready?.logins, of?.misreads, of?.losses], [100, 100, 100]);
});
