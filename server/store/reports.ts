import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ChainFault } from '#core/audit/chain.ts';
import { findFault } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { asEventRow } from './event-rows.ts';
import { type JournalRow, storeLines, writeJournal } from './events.ts';
import {
  findHeads,
  findStored,
  type Head,
  type JournalHead,
  journalKey,
  keepSignatures,
  moveHeads,
  type Run,
  type StoredHashes,
  type Vouched,
} from './journal-heads.ts';
import {
  type OfflineEnd,
  type OfflineTry,
  type OfflineUse,
  storeOfflineSessions,
  tryReadEnd,
  tryReadOfflineUse,
} from './offline.ts';
import { findKnown, type Known, keepOwn, type Report } from './report-facts.ts';
import { holdOffRestore } from './restoring.ts';
import { findThere, hashText, listJournals } from './sent-again.ts';

export interface Stored {
  /** Place of the last record that was sent. */
  readonly epoch: string;
  readonly sequence: number;
  /** Records that were new. */
  readonly added: number;
  /** Records of a place that holds another record already. */
  readonly rewritten: number;
  /** Sessions that were opened without the server, such as ended, and whose PIN was typed wrongly without it. */
  readonly offline: readonly OfflineUse[];
  readonly ends: readonly OfflineEnd[];
  readonly wrongTries: readonly OfflineTry[];
}

/** An epoch of its own for a record whose place is filled, so that it too is stored once. */
const epochOf = (hash: string): string =>
  hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A record that is to be stored: in its own epoch or in one of its own, with what is wrong with it. */
interface Judged {
  readonly record: JournalRecord;
  readonly epoch: string;
  readonly chain: ChainFault | 'rewritten' | null;
}

interface Judgement {
  readonly judged: readonly Judged[];
  readonly moved: readonly Head[];
}

/** One journal, while a report is gone through. */
interface Walk {
  readonly epoch: string;
  head: Head | null;
  /** Above the head every place is free. */
  readonly filled: Map<number, string>;
  moved: boolean;
}

/** Goes through the records in their order. What is stored already, or comes twice, is left out. */
const judge = ({ terminal, records }: Report, heads: ReadonlyMap<string, Head>, stored: StoredHashes): Judgement => {
  const walks = new Map<string, Walk>();
  const begin = (epoch: string): Walk => {
    const key = journalKey({ terminal, epoch });
    const head = heads.get(key);
    const walk = { epoch, head: head ? { ...head, epoch } : null, filled: new Map(stored.get(key)), moved: false };
    walks.set(epoch, walk);
    return walk;
  };
  const judged: Judged[] = [];
  let walk: Walk | undefined;
  for (const record of records) {
    const { sequence, hash } = record;
    if (walk?.epoch !== record.epoch) walk = walks.get(record.epoch) ?? begin(record.epoch);
    const { epoch, head, filled } = walk;
    const isNext = head === null || sequence > head.sequence;
    const there = isNext ? undefined : filled.get(sequence);
    let chain: ChainFault | null = null;
    if (there === undefined) {
      chain = findFault(record, head, hashText);
      judged.push({ record, epoch, chain });
      filled.set(sequence, hash);
    } else if (there !== hash) judged.push({ record, epoch: epochOf(hash), chain: 'rewritten' });
    if (isNext) {
      walk.head = { terminal, epoch, sequence, hash, whole: chain === null && head?.whole !== false };
      walk.moved = true;
    }
  }
  return { judged, moved: [...walks.values()].flatMap(({ head, moved }) => (moved && head !== null ? [head] : [])) };
};

/** The first of a terminal's records was stored then, by the clock of one of the servers; those may differ by a day. */
const slack = 24 * 3_600_000;

/** Nothing of these journals was stored before. */
const beginningOf = (heads: Iterable<JournalHead>, now: Date): Date =>
  new Date(Math.min(now.getTime(), ...[...heads].map(({ beganAt }) => beganAt.getTime())) - slack);

/** Of what is to be stored, what is not there yet: a record whose place was filled by another may have come before. */
const leaveOutStored = async (
  tx: Transaction,
  judged: readonly Judged[],
  terminal: TerminalId,
  since: Date,
): Promise<readonly Judged[]> => {
  const placeOf = ({ epoch, record: { sequence } }: Judged): Run => ({
    terminal,
    epoch,
    first: sequence,
    last: sequence,
  });
  const beside = judged.filter(({ chain }) => chain === 'rewritten');
  if (beside.length === 0) return judged;
  const there = await findStored(tx, beside.map(placeOf), since);
  const once = new Map(judged.map((one) => [`${one.epoch} ${one.record.sequence}`, one]));
  return [...once.values()].filter(
    (one) => one.chain !== 'rewritten' || !there.get(journalKey(placeOf(one)))?.has(one.record.sequence),
  );
};

/** How far a record may be ahead of the server, beyond what is known of its terminal's clock (milliseconds). */
const aheadAtMost = 5 * 60_000;

/** `clock`: how far its terminal's clock is ahead of the server's, as it was last seen (milliseconds). */
const toRow = (
  now: Date,
  { terminal, clock }: { readonly terminal: TerminalId; readonly clock: number },
  known: Known,
  { record, epoch, chain }: Judged,
): JournalRow => {
  const own = keepOwn(record, known);
  const happenedAt = new Date(record.at);
  const ahead = happenedAt.getTime() - now.getTime();
  const isAhead = ahead > Math.max(clock, 0) + aheadAtMost;
  const marked =
    chain === null && !isAhead
      ? own
      : {
          ...own,
          detail: {
            ...own.detail,
            ...(chain === null ? {} : { chain }),
            ...(isAhead ? { aheadSeconds: Math.round(ahead / 1000) } : {}),
          },
        };
  const { sequence, previous, hash } = record;
  return {
    event: asEventRow(null, now, marked, terminal, happenedAt),
    place: { epoch, sequence, previous, hash },
  };
};

const tryReadTry = (one: JournalRecord, { here, unproven }: Known): OfflineTry | null => {
  const { detail, kind, reason, person } = one.facts;
  if (kind !== 'offline.refused' || reason !== 'wrong-secret' || person == null) return null;
  const isUnproven = unproven.has(one);
  if (!here.has(person) && !isUnproven) return null;
  const proof = typeof detail['proof'] === 'string' ? detail['proof'] : undefined;
  return { person, at: Date.parse(one.at), unproven: isUnproven, proof };
};

const summarise = ({ records }: Report, fresh: readonly Judged[], rewritten: number, known: Known): Stored => {
  const last = records.at(-1);
  if (last === undefined) throw new Error('a report without records passed the gate');
  const offline: OfflineUse[] = [];
  const wrongTries: OfflineTry[] = [];
  const locks: JournalRecord[] = [];
  for (const { record } of fresh) {
    const use = tryReadOfflineUse(record);
    if (use !== null) offline.push({ ...use, unproven: known.unproven.has(record) });
    const wrong = tryReadTry(record, known);
    if (wrong !== null) wrongTries.push(wrong);
    if (record.facts.kind === 'screen.locked') locks.push(record);
  }
  const alone = new Set([...known.offline, ...offline.map(({ session }) => session)]);
  return {
    epoch: last.epoch,
    sequence: last.sequence,
    added: fresh.length,
    rewritten,
    offline,
    ends:
      alone.size === 0 ? [] : locks.flatMap((one) => tryReadEnd(one) ?? []).filter(({ session }) => alone.has(session)),
    wrongTries,
  };
};

/**
 * `unread`: it could not be read. `unknown`: the database does not know the terminal, and nothing holds its place.
 * `restored`: the terminal goes by what another incarnation of the server had, or by more than is here by now, and what it
 * skips is lacking here.
 */
export type Unstored = 'unread' | 'unknown' | 'restored';

interface Held {
  /** What stands in the way of a report. */
  readonly whyNot: (report: Report) => 'unknown' | 'restored' | null;
  readonly clockOf: (terminal: TerminalId) => number;
}

/**
 * Holds the rows of these terminals to the end: what they send is stored one report after the other, on all processes, and
 * none is under way while a backup is put back.
 */
const holdTerminals = async (tx: Transaction, terminals: readonly TerminalId[]): Promise<Held> => {
  await holdOffRestore(tx);
  const rows = await tx.query<{ id: TerminalId; clock: number; now: string }>(
    `select id, coalesce(clock_offset_ms, 0) as clock,
            (select i.id from server_incarnation i order by number desc limit 1) as now from terminal
      where id = any($1) order by id for no key update`,
    [terminals],
    'hold-terminals',
  );
  const held = new Map(rows.map((row) => [row.id, row]));
  return {
    whyNot: ({ terminal, incarnation }) => {
      const row = held.get(terminal);
      if (row === undefined) return 'unknown';
      return incarnation === undefined || incarnation === row.now ? null : 'restored';
    },
    clockOf: (terminal) => held.get(terminal)?.clock ?? 0,
  };
};

/** Whether a server has told the terminal that it has more of this journal than is here: its database is an older one. */
const isBehind = ({ after = 0, records, terminal }: Report, heads: ReadonlyMap<string, Head>): boolean =>
  records.slice(0, 1).some(({ epoch }) => after > (heads.get(journalKey({ terminal, epoch }))?.sequence ?? 0));

/** A report as it came. */
export interface SentReport {
  readonly terminal: TerminalId;
  /** Null where it cannot be. */
  readonly read: () => Report | null;
}

/** What is left of reports once their lines are made. */
interface Prepared {
  /** As `COPY` takes them; null where nothing is new. */
  readonly lines: Buffer | null;
  readonly heads: readonly Head[];
  readonly vouched: readonly Vouched[];
  readonly offline: readonly (OfflineUse & { readonly terminal: TerminalId })[];
  readonly outcomes: ReadonlyMap<TerminalId, Stored | Unstored>;
}

/**
 * Reads reports and makes lines of them. Their records are let go of before PostgreSQL takes the lines, which takes longer
 * than all of this: whoever collects garbage would copy every one of them meanwhile.
 */
const prepare = async (tx: Transaction, now: Date, given: readonly SentReport[], held: Held): Promise<Prepared> => {
  const outcomes = new Map<TerminalId, Stored | Unstored>();
  const read: Report[] = [];
  for (const { terminal, read: tryRead } of given) {
    const report = tryRead();
    const whyNot = report === null ? 'unread' : held.whyNot(report);
    if (whyNot !== null) outcomes.set(terminal, whyNot);
    else if (report !== null) read.push(report);
  }
  const heads = await findHeads(tx, listJournals(read));
  const reports = read.filter((report) => !isBehind(report, heads));
  for (const { terminal } of read) outcomes.set(terminal, 'restored');
  const knowns = await findKnown(tx, now, reports);
  const since = beginningOf(heads.values(), now);
  const stored = await findThere(tx, reports, heads, since);
  const rows: JournalRow[] = [];
  const ends: Head[] = [];
  const vouched: Vouched[] = [];
  const offline: (OfflineUse & { readonly terminal: TerminalId })[] = [];
  for (const [at, report] of reports.entries()) {
    const known = knowns[at];
    if (known === undefined) throw new Error('a report was not looked at');
    const { terminal, records } = report;
    const { judged, moved } = judge(report, heads, stored);
    const added = await leaveOutStored(tx, judged, terminal, since);
    const rewritten = judged.filter(({ chain }) => chain === 'rewritten').length;
    const summary = summarise(report, added, rewritten, known);
    outcomes.set(terminal, summary);
    const placed = { terminal, clock: held.clockOf(terminal) };
    for (const one of added) rows.push(toRow(now, placed, known, one));
    ends.push(...moved);
    const last = records.at(-1);
    if (last !== undefined && report.vouched !== undefined)
      vouched.push({ epoch: last.epoch, sequence: last.sequence, hash: last.hash, ...report.vouched, terminal });
    for (const use of summary.offline)
      if (use.unproven === true || known.here.has(use.person)) offline.push({ ...use, terminal });
  }
  return { lines: await writeJournal(tx, rows), heads: ends, vouched, offline, outcomes };
};

/**
 * Stores journal records of different terminals, each once. A record that does not continue the chain is stored and
 * marked in its `detail.chain` (`hash`, `sequence` or `previous`), and one whose place holds another record beside it
 * (`rewritten`), so that a gap is seen and never silently closed. One of a time that is still to come is marked with how
 * far (`detail.aheadSeconds`).
 */
export const storeReports = async (
  tx: Transaction,
  now: Date,
  given: readonly SentReport[],
): Promise<readonly (Stored | Unstored)[]> => {
  const held = await holdTerminals(
    tx,
    given.map(({ terminal }) => terminal),
  );
  const { heads, lines, offline, outcomes, vouched } = await prepare(tx, now, given, held);
  await storeLines(tx, lines);
  await moveHeads(tx, now, heads);
  await keepSignatures(tx, vouched);
  await storeOfflineSessions(tx, now, offline);
  return given.map(({ terminal }) => outcomes.get(terminal) ?? 'restored');
};
