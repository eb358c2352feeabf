import { hash as digest } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { ChainFault, ChainHead } from '#core/audit/chain.ts';
import { findFault } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { asEventRow } from './event-rows.ts';
import { type JournalRow, recordJournal } from './events.ts';
import {
  findHeads,
  findStored,
  type Journal,
  type JournalHead,
  journalKey,
  moveHeads,
  type Place,
  placeKey,
} from './journal-heads.ts';
import { type OfflineUse, storeOfflineSessions, tryReadOfflineUse } from './offline.ts';
import { findKnown, type Known, keepOwn, type Report } from './report-facts.ts';

export interface Stored {
  /** Place of the last record that was sent. */
  readonly epoch: string;
  readonly sequence: number;
  /** Records that were new. */
  readonly added: number;
  /** Records of a place that holds another record already. */
  readonly rewritten: number;
  /** Sessions that were opened without the server, and whose PIN was typed wrongly then. */
  readonly offline: readonly OfflineUse[];
  readonly wrongTries: readonly PersonId[];
}

/** By the platform's own code: a server has tens of thousands to check in a second. */
const hashText = (text: string): string => digest('sha256', text, 'hex');

/** An epoch of its own for a record whose place is filled, so that it too is stored once. */
const epochOf = (hash: string): string =>
  hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A record that is to be stored: in its own epoch or in one of its own, with what is wrong with it. */
interface Judged {
  readonly record: JournalRecord;
  readonly place: Place;
  readonly chain: ChainFault | 'rewritten' | null;
}

type Head = ChainHead & Journal;

interface Judgement {
  readonly judged: readonly Judged[];
  readonly moved: readonly Head[];
}

/** Goes through the records in their order. What is stored already, or comes twice, is left out. */
const judge = (
  { terminal, records }: Report,
  heads: ReadonlyMap<string, Head>,
  stored: ReadonlyMap<string, string>,
): Judgement => {
  const moved = new Map<string, Head>();
  const filled = new Map<string, string>();
  const judged: Judged[] = [];
  for (const record of records) {
    const { sequence, hash } = record;
    const place: Place = { terminal, epoch: record.epoch, sequence };
    const [journal, key] = [journalKey(place), placeKey(place)];
    const head = moved.get(journal) ?? heads.get(journal) ?? null;
    const there = filled.get(key) ?? stored.get(key);
    if (there === undefined) {
      judged.push({ record, place, chain: findFault(record, head && { ...head, epoch: record.epoch }, hashText) });
      filled.set(key, hash);
    } else if (there !== hash) judged.push({ record, place: { ...place, epoch: epochOf(hash) }, chain: 'rewritten' });
    if (head === null || sequence > head.sequence) moved.set(journal, { ...place, hash });
  }
  return { judged, moved: [...moved.values()] };
};

/** The first of a terminal's records was stored then, by the clock of one of the servers; those may differ by a day. */
const slack = 24 * 3_600_000;

/** Nothing of these journals was stored before. */
const beginningOf = (heads: Iterable<JournalHead>, now: Date): Date =>
  new Date(Math.min(now.getTime(), ...[...heads].map(({ beganAt }) => beganAt.getTime())) - slack);

/** Of what is to be stored, what is not there yet: a record whose place was filled by another may have come before. */
const leaveOutStored = async (
  tx: Transaction,
  judgements: readonly Judgement[],
  since: Date,
): Promise<readonly (readonly Judged[])[]> => {
  const beside = judgements.flatMap(({ judged }) => judged.filter(({ chain }) => chain === 'rewritten'));
  if (beside.length === 0) return judgements.map(({ judged }) => judged);
  const there = await findStored(
    tx,
    beside.map(({ place }) => place),
    since,
  );
  return judgements.map(({ judged }) => {
    const once = new Map(judged.map((one) => [placeKey(one.place), one]));
    return [...once].flatMap(([key, one]) => (one.chain === 'rewritten' && there.has(key) ? [] : [one]));
  });
};

const toRow = (now: Date, terminal: TerminalId, known: Known, { record, place, chain }: Judged): JournalRow => {
  const own = keepOwn(record.facts, known);
  const facts = chain === null ? own : { ...own, detail: { ...own.detail, chain } };
  const { previous, hash } = record;
  return {
    event: asEventRow(now, facts, terminal, new Date(record.at)),
    place: { epoch: place.epoch, sequence: place.sequence, previous, hash },
  };
};

const summarise = ({ records }: Report, fresh: readonly Judged[], rewritten: number, known: Known): Stored => {
  const last = records.at(-1);
  if (last === undefined) throw new Error('a report without records passed the gate');
  const added = fresh.map(({ record }) => record);
  return {
    epoch: last.epoch,
    sequence: last.sequence,
    added: fresh.length,
    rewritten,
    offline: added.flatMap((one) => tryReadOfflineUse(one) ?? []),
    wrongTries: added.flatMap(({ facts: { kind, reason, person } }) =>
      kind === 'offline.refused' && reason === 'wrong-secret' && person && known.here.has(person) ? [person] : [],
    ),
  };
};

/** Holds the rows of these terminals to the end: what they send is stored one report after the other, on all processes. */
const holdTerminals = async (tx: Transaction, reports: readonly Report[]): Promise<ReadonlySet<TerminalId>> => {
  const rows = await tx.query<{ id: TerminalId }>(
    'select id from terminal where id = any($1) order by id for no key update',
    [reports.map(({ terminal }) => terminal)],
    'hold-terminals',
  );
  return new Set(rows.map(({ id }) => id));
};

/**
 * Stores journal records of different terminals, each once. A record that does not continue the chain is stored and
 * marked in its `detail.chain` (`hash`, `sequence` or `previous`), and one whose place holds another record beside it
 * (`rewritten`), so that a gap is seen and never silently closed. Undefined for a terminal that the database does not
 * know: nothing holds its place.
 */
export const storeReports = async (
  tx: Transaction,
  now: Date,
  given: readonly Report[],
): Promise<readonly (Stored | undefined)[]> => {
  const held = await holdTerminals(tx, given);
  const reports = given.filter(({ terminal }) => held.has(terminal));
  const knowns = await findKnown(tx, reports);
  const places = reports.flatMap(({ terminal, records }) =>
    records.map(({ epoch, sequence }): Place => ({ terminal, epoch, sequence })),
  );
  const journals = new Map(places.map((place) => [journalKey(place), place]));
  const heads = await findHeads(tx, [...journals.values()]);
  const since = beginningOf(heads.values(), now);
  // Above the head every place is free.
  const old = places.filter((place) => place.sequence <= (heads.get(journalKey(place))?.sequence ?? 0));
  const stored = await findStored(tx, old, since);
  const judgements = reports.map((report) => judge(report, heads, stored));
  const fresh = await leaveOutStored(tx, judgements, since);
  const outcomes = reports.map((report, at) => {
    const known = knowns[at] as Known;
    const added = fresh[at] as readonly Judged[];
    const rewritten = (judgements[at] as Judgement).judged.filter(({ chain }) => chain === 'rewritten').length;
    return { report, known, added, summary: summarise(report, added, rewritten, known) };
  });
  await recordJournal(
    tx,
    outcomes.flatMap(({ report, known, added }) => added.map((one) => toRow(now, report.terminal, known, one))),
  );
  await moveHeads(
    tx,
    now,
    judgements.flatMap(({ moved }) => moved),
  );
  await storeOfflineSessions(
    tx,
    now,
    outcomes.flatMap(({ report: { terminal }, known, summary }) =>
      summary.offline.filter(({ person }) => known.here.has(person)).map((use) => ({ ...use, terminal })),
    ),
  );
  const byTerminal = new Map(outcomes.map(({ report: { terminal }, summary }) => [terminal, summary]));
  return given.map(({ terminal }) => byTerminal.get(terminal));
};
