import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { longestOffline } from '#core/policy/offline.ts';
import type { Transaction } from './database.ts';

/** What the database has lost lies between `from` and `until`; epoch milliseconds by the server's clock. */
interface LostTime {
  readonly from: number;
  readonly until: number;
}

/** How far a terminal's clock may be off in what it tells of such a time. */
const slack = 5 * 60_000;

const listLostTimes = (tx: Transaction): Promise<LostTime[]> =>
  tx.query<LostTime>(
    `select (extract(epoch from lost_from) * 1000)::float8 as "from", (extract(epoch from began_at) * 1000)::float8 as until
       from server_incarnation where lost_from is not null order by number desc limit 20`,
    [],
    'lost-times',
  );

/** A record of a terminal. */
export interface Told {
  readonly terminal: TerminalId;
  readonly record: JournalRecord;
}

/** When each of these terminals first got a certificate; epoch milliseconds. */
const findEnrolled = async (tx: Transaction, told: readonly Told[]): Promise<ReadonlyMap<TerminalId, number>> => {
  const rows = await tx.query<{ id: TerminalId; at: Date }>(
    'select id, enrolled_at as at from terminal where id = any($1) and enrolled_at is not null',
    [[...new Set(told.map(({ terminal }) => terminal))]],
  );
  return new Map(rows.map(({ id, at }) => [id, at.getTime()]));
};

/**
 * Of these records those that name somebody of whom nothing is here because the database was put back to before: a session
 * began in the time that is lost, or what a login of then has left was used, at most so long afterwards, and it is told within
 * as long again by a terminal that was there then. Nothing proves it any more but the terminal's word. Nobody who is not here
 * is named, and no session of somebody else.
 */
export const findUnproven = async (
  tx: Transaction,
  now: Date,
  told: readonly Told[],
): Promise<ReadonlySet<JournalRecord>> => {
  if (told.length === 0) return new Set();
  const times = (await listLostTimes(tx)).filter(({ until }) => now.getTime() <= until + 2 * longestOffline);
  if (times.length === 0) return new Set();
  const enrolled = await findEnrolled(tx, told);
  const isLost = ({ terminal, record }: Told): boolean => {
    const at = Date.parse(record.at);
    const since = enrolled.get(terminal) ?? Number.POSITIVE_INFINITY;
    return times.some(({ from, until }) => since <= until && at >= from - slack && at <= until + longestOffline);
  };
  const lost = told.filter(isLost).map(({ record }) => record);
  if (lost.length === 0) return new Set();
  const listNamed = (name: 'person' | 'session'): string[] => [
    ...new Set(lost.flatMap(({ facts }) => facts[name] ?? [])),
  ];
  const rows = await tx.query<{ id: string; isPerson: boolean }>(
    `select id, true as "isPerson" from person where id = any($1)
     union all select id, false from session where id = any($2)
     union all select id, false from offline_session where id = any($2)`,
    [listNamed('person'), listNamed('session')],
  );
  const people = new Set(rows.flatMap(({ id, isPerson }) => (isPerson ? [id] : [])));
  const taken = new Set(rows.flatMap(({ id, isPerson }) => (isPerson ? [] : [id])));
  return new Set(
    lost.filter(({ facts: { person, session } }) => people.has(person ?? '') && !taken.has(session ?? '')),
  );
};
