import type { EventFacts, StoredEvent } from '#contract/audit.ts';
import type { EventId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { isEveryday, isMark, listAlong } from './event-stretches.ts';
import { readByNumber } from './log-lines.ts';
import { nameDetails } from './log-names.ts';
import { endless, type LogRange, within } from './log-range.ts';
import { monthFrom } from './months.ts';
import { timeOf } from './uuid.ts';

export interface LogQuery {
  readonly before?: EventId | undefined;
  readonly person?: PersonId | undefined;
  readonly terminal?: TerminalId | undefined;
  readonly kind?: EventFacts['kind'] | undefined;
  readonly supportCode?: string | undefined;
  readonly range?: LogRange | undefined;
  /** `story`: without what only goes along with what happens. */
  readonly shows?: 'everything' | 'story' | undefined;
  readonly limit: number;
}

type EventRow = Omit<StoredEvent, 'at' | 'happenedAt'> & {
  readonly seq: number;
  readonly at: Date;
  readonly happenedAt: Date | null;
};

const columns = `e.seq, e.id, e.at, e.happened_at as "happenedAt", e.kind, e.outcome, e.person, e.actor, e.terminal,
            e.card, e.attempt, e.session, e.ceremony, e.factors, e.reason, e.support_code as "supportCode", e.detail,
            t.name as "terminalName", p.name as "personName", p.number as "personNumber", a.name as "actorName",
            c.label as "cardLabel"`;

/** How many numbers around its time a line is looked for among, one after the other: hardly ever more than the first. */
const around = [1000, 100_000, Number.MAX_SAFE_INTEGER];

/** The number of an event; undefined when the log does not hold it (any more). */
export const tryFindSeq = async (tx: Transaction, event: EventId): Promise<number | undefined> => {
  for (const many of around) {
    const [row] = await tx.query<{ seq: number }>(
      `select seq from event, (select coalesce(event_number_from($2), 0) as middle) near
        where id = $1 and at = $2 and seq >= middle - $3::bigint and seq <= middle + $3::bigint`,
      [event, timeOf(event), many],
      'log-cursor',
    );
    if (row !== undefined) return row.seq;
  }
  return undefined;
};

/** The number below which a page begins; null when the log does not hold `before` (any more). */
const findUpper = async (tx: Transaction, before: EventId | undefined): Promise<number | null> => {
  if (before === undefined) {
    const [row] = await tx.query<{ settled: number }>('select settled_event_seq() as settled', [], 'settled');
    return (row?.settled ?? 0) + 1;
  }
  return (await tryFindSeq(tx, before)) ?? null;
};

/** Some of the log by its time: of a page without a range whole months. */
interface Span {
  readonly from: Date | null;
  readonly to: Date | null;
}
const spanAround = (at: Date): Span => ({ from: monthFrom(at, -1), to: monthFrom(at, 1) });

/** One name for each text of the statement below. */
const nameOf = ({ terminal, supportCode, person, shows }: LogQuery, span: Span | null): string =>
  ['log', span && 'span', terminal && 'terminal', supportCode && 'code', person && 'person', shows === 'story' && shows]
    .filter(Boolean)
    .join(' ');

/** Of one revocation every terminal writes a receipt, and each says of whom: they would fill a person's page. */
const aside = `('log.viewed', 'revocation.issued', 'revocation.confirmed')`;

/** Lines of the log with the names of what they are about, newest first. */
const nameLines = (tx: Transaction, lines: string, values: readonly unknown[], name?: string): Promise<EventRow[]> =>
  tx.query<EventRow>(
    `select ${columns} from ${lines} e
       left join terminal t on t.id = e.terminal
       left join person p on p.id = e.person
       left join person a on a.id = e.actor
       left join card c on c.id = e.card
      order by e.seq desc`,
    values,
    name,
  );

/** The newest lines below `upper`; of the whole log, or of a span of it alone. */
const readPage = async (
  tx: Transaction,
  asked: LogQuery,
  upper: number,
  span: Span | null,
): Promise<readonly EventRow[]> => {
  const { lowest } = asked.range ?? endless;
  const values: unknown[] = [asked.limit, upper];
  const give = (value: unknown): string => `$${values.push(value)}`;
  const given = <Value>(value: Value | null | undefined, condition: (place: string) => string): string[] =>
    value == null ? [] : [condition(give(value))];
  const from = given(lowest, (place) => place)[0];
  const times = [...given(span?.from, (place) => `e.at >= ${place}`), ...given(span?.to, (place) => `e.at < ${place}`)];
  const by = [
    ...given(asked.terminal, (place) => `e.terminal = ${place}`),
    ...given(asked.kind, (place) => `e.kind = ${place}`),
  ];
  const code = asked.supportCode && normaliseSupportCode(asked.supportCode);
  const coded = given(code, (place) => `e.support_code = ${place}`);
  const told = asked.shows === 'story' ? [`e.kind not in ${aside}`] : [];
  const bounds = { upper: '$2', lowest: from, times };
  /** Lines that each stand for themselves: what has a code or was done by another one always does, and most kinds do. */
  const walk = (...more: readonly string[]): string => {
    const lowests = from === undefined ? [] : [`e.seq >= ${from}`];
    const where = ['e.seq < $2', ...lowests, ...times, ...by, ...coded, ...told, ...more];
    return `(select * from event e where ${where.join(' and ')} order by e.seq desc limit $1)`;
  };
  const isAlone = code !== undefined || (asked.kind !== undefined && !isEveryday(asked.kind));
  const along = (...more: readonly string[]): string =>
    isAlone ? walk(...more, `e.${isMark}`) : `(${listAlong([...by, ...told, ...more], bounds, '$1')})`;
  let lines = by.length === 0 ? walk() : along();
  if (asked.person !== undefined) {
    const person = give(asked.person);
    // Two walks along an index each: with "or" every event of the person would be read and sorted.
    const isOther = `e.person is distinct from ${person}`;
    lines = `(${along(`e.person = ${person}`)} union all ${walk(`e.actor = ${person}`, isOther, `e.${isMark}`)}
              order by seq desc limit $1)`;
  }
  // How often a kind occurs, and how long a range is, decides how it is looked for: then the plan is made each time.
  const planned = asked.kind === undefined && asked.range === undefined;
  return nameLines(tx, lines, values, planned ? nameOf(asked, span) : undefined);
};

/** Whether no line outside of the months has a number from `lowest` to below `upper`. By a clock that was wrong one may. */
const holdsAll = async (tx: Transaction, { from, to }: Span, lowest: number, upper: number): Promise<boolean> => {
  const [row] = await tx.query<{ before: number | null; after: number | null }>(
    `select (select max(seq) from event where at < $1) as before, (select min(seq) from event where at >= $2) as after`,
    [from, to],
    'log-around',
  );
  return (row?.before ?? 0) < lowest && (row?.after ?? upper) >= upper;
};

/**
 * Newest first; `before` is the last event of the page before. A person's events are those about and those by them.
 * Stops before an event whose transaction is still open: what comes later comes above, and no page passes it by.
 * Most pages lie within two months: the others are looked into only where those do not fill the page.
 */
export const listEvents = async (tx: Transaction, now: Date, asked: LogQuery): Promise<StoredEvent[]> => {
  const settled = await findUpper(tx, asked.before);
  if (settled === null) return [];
  const range = asked.range ?? endless;
  const upper = Math.min(settled, range.highest === null ? settled : range.highest + 1);
  await readByNumber(tx);
  // A page goes on where the one before ended; the first one of a range that is over begins at its end.
  const months = spanAround(asked.before === undefined ? (range.to ?? now) : timeOf(asked.before));
  const near = within(months, range);
  const recent = await readPage(tx, asked, upper, near);
  if (near.from === range.from && near.to === range.to) return toStored(tx, recent);
  const lowest = recent.length === asked.limit ? recent.at(-1)?.seq : undefined;
  const isWhole = lowest !== undefined && (await holdsAll(tx, months, lowest, upper));
  const rows = isWhole ? recent : await readPage(tx, asked, upper, asked.range === undefined ? null : range);
  return toStored(tx, rows);
};

const toStored = async (tx: Transaction, rows: readonly EventRow[]): Promise<StoredEvent[]> =>
  (await nameDetails(tx, rows)).map(({ seq: _, ...row }) => ({
    ...row,
    at: row.at.toISOString(),
    happenedAt: row.happenedAt?.toISOString() ?? null,
  }));

/** Of the kinds of events that explain a refusal for this reason. */
const causesOf: Readonly<Record<string, readonly EventFacts['kind'][]>> = {
  'card-revoked': ['card.revoked'],
  'card-suspended': ['card.suspended'],
  'card-disabled': ['credential.locked'],
  'person-suspended': ['person.suspended'],
  locked: ['credential.locked'],
  'no-usable-factor': ['credential.locked', 'credential.revoked'],
};

/** What a support code stands for, a refusal before what else has it; and the event that led to it, where there is one. */
export const tryExplain = async (
  tx: Transaction,
  supportCode: string,
): Promise<{ readonly event: StoredEvent; readonly cause: StoredEvent | null } | undefined> => {
  const [event] = await nameLines(
    tx,
    `(select * from event where support_code = $1 order by outcome = 'success', kind = 'attempt.abandoned', seq desc limit 1)`,
    [normaliseSupportCode(supportCode)],
    'explain',
  );
  if (event === undefined) return undefined;
  const kinds = causesOf[event.reason ?? ''];
  const explained = async (cause: EventRow | undefined) => {
    const [told, led] = await toStored(tx, cause === undefined ? [event] : [event, cause]);
    return told && { event: told, cause: led ?? null };
  };
  if (kinds === undefined || event.person == null) return explained(undefined);
  const ofCard = event.reason?.startsWith('card-') === true;
  const [cause] = await nameLines(
    tx,
    `(select * from event where person = $1 and ${isMark} and seq < $2 and kind = any($3) and ($4::uuid is null or card = $4)
       order by seq desc limit 1)`,
    [event.person, event.seq, kinds, ofCard ? (event.card ?? null) : null],
    'explain-cause',
  );
  return explained(cause);
};

/** As it was heard on the telephone: any case, with or without hyphens, full-width too. */
const normaliseSupportCode = (heard: string): string => {
  const bare = heard
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
  return [bare.slice(0, 3), bare.slice(3, 6), bare.slice(6)].join('-');
};
