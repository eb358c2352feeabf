import { type EventFacts, type JournalRecord, terminalKinds } from '#contract/audit.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { findFault } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { recordJournal } from './events.ts';
import { findHeads, findStored, type JournalHead, moveHeads, placeKey } from './journal-heads.ts';
import { findHere, type OfflineUse, storeOfflineSessions, tryReadOfflineUse } from './offline.ts';

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

/** Of the objects that records name, those of this terminal; a session with its person. */
interface Known {
  readonly ids: ReadonlySet<string>;
  readonly personOf: ReadonlyMap<string, string>;
  /** People who have had a session there. */
  readonly here: ReadonlySet<string>;
}

const named = ['card', 'attempt', 'session', 'ceremony'] as const;

const findKnown = async (tx: Transaction, terminal: TerminalId, records: readonly JournalRecord[]): Promise<Known> => {
  const here = await findHere(
    tx,
    terminal,
    records.flatMap(({ facts: { kind, person } }) => (kind.startsWith('offline.') && person ? [person] : [])),
  );
  const opened = records.flatMap((one) => tryReadOfflineUse(one) ?? []).filter(({ person }) => here.has(person));
  const ids = [...new Set(records.flatMap(({ facts }) => named.flatMap((name) => facts[name] ?? [])))];
  if (ids.length === 0) return { ids: new Set(), personOf: new Map(), here };
  const rows = await tx.query<{ id: string; person: string | null }>(
    `select id, person from session where id = any($1) and terminal = $2
     union all select id, person from offline_session where id = any($1) and terminal = $2
     union all select card, null from session where id = any($1) and terminal = $2
     union all select id, null from attempt where id = any($1) and terminal = $2
     union all select id, null from ceremony where id = any($1) and terminal = $2`,
    [ids, terminal],
  );
  return {
    ids: new Set([...rows.map(({ id }) => id), ...opened.map(({ session }) => session)]),
    personOf: new Map([
      ...opened.map(({ session, person }): [string, string] => [session, person]),
      ...rows.flatMap(({ id, person }): [string, string][] => (person === null ? [] : [[id, person]])),
    ]),
    here,
  };
};

const isOwnKind = (kind: string): boolean => (terminalKinds as readonly string[]).includes(kind);

/**
 * What a terminal may say: of its own parts, and of a person only with a session that the person had there. Who acted
 * and which support code it had is the server's to say, and a kind of the server's is turned into a refusal.
 */
const keepOwn = (facts: EventFacts, known: Known): EventFacts => {
  if (!isOwnKind(facts.kind)) {
    const { kind } = facts;
    return { kind: 'request.refused', outcome: 'serious', reason: 'foreign-kind', factors: [], detail: { kind } };
  }
  const foreign = named.filter((name) => facts[name] != null && !known.ids.has(facts[name]));
  const isOffline = facts.kind.startsWith('offline.') && known.here.has(facts.person ?? '');
  const isHere = isOffline || (facts.person != null && known.personOf.get(facts.session ?? '') === facts.person);
  return {
    ...facts,
    ...Object.fromEntries(foreign.map((name) => [name, null])),
    person: isHere ? facts.person : null,
    actor: null,
    supportCode: null,
  };
};

/** An epoch of its own for a record whose place is filled, so that it too is stored once. */
const epochOf = (hash: string): string =>
  hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** A record that is to be stored: in its own epoch or in one of its own, with what is wrong with it. */
interface Judged {
  readonly record: JournalRecord;
  readonly epoch: string;
  readonly chain: string | null;
}

/** Goes through the records in their order. What is stored already, or comes twice, is left out. */
const judge = (
  records: readonly JournalRecord[],
  known: ReadonlyMap<string, ChainHead>,
  stored: ReadonlyMap<string, string>,
): { readonly judged: readonly Judged[]; readonly heads: ReadonlyMap<string, ChainHead> } => {
  const heads = new Map(known);
  const filled = new Map(stored);
  const judged: Judged[] = [];
  for (const record of records) {
    const { epoch, sequence, hash } = record;
    const head = heads.get(epoch) ?? null;
    const there = filled.get(placeKey(record));
    if (there === undefined) judged.push({ record, epoch, chain: findFault(record, head) });
    else if (there !== hash) judged.push({ record, epoch: epochOf(hash), chain: 'rewritten' });
    if (there === undefined) filled.set(placeKey(record), hash);
    if (head === null || sequence > head.sequence) heads.set(epoch, { epoch, sequence, hash });
  }
  return { judged, heads };
};

/** The earliest month that can hold any record of these journals. */
const beginningOf = (heads: Iterable<JournalHead>, now: Date): Date =>
  new Date(Math.min(now.getTime(), ...[...heads].map(({ beganAt }) => beganAt.getTime())));

/**
 * Stores journal records of one terminal, each once. A record that does not continue the chain is stored and marked in
 * its `detail.chain` (`hash`, `sequence` or `previous`), and one whose place holds another record beside it
 * (`rewritten`), so that a gap is seen and never silently closed.
 */
export const storeRecords = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  records: readonly JournalRecord[],
): Promise<Stored> => {
  const last = records.at(-1);
  if (last === undefined) throw new Error('a report without records passed the gate');
  // Held to the end: records of one terminal are stored one report after the other, on all server processes.
  await tx.query('select 1 from terminal where id = $1 for no key update', [terminal]);
  const known = await findKnown(tx, terminal, records);
  const heads = await findHeads(tx, terminal, [...new Set(records.map(({ epoch }) => epoch))]);
  const since = beginningOf(heads.values(), now);
  // Above the head every place is free.
  const old = records.filter(({ epoch, sequence }) => sequence <= (heads.get(epoch)?.sequence ?? 0));
  const stored = await findStored(tx, terminal, old, since);
  const { judged, heads: moved } = judge(records, heads, stored);
  const rewritten = judged.filter(({ chain }) => chain === 'rewritten');
  const again = await findStored(
    tx,
    terminal,
    rewritten.map(({ record, epoch }) => ({ epoch, sequence: record.sequence })),
    since,
  );
  const fresh = new Map(
    judged.flatMap((one) => {
      const place = placeKey({ epoch: one.epoch, sequence: one.record.sequence });
      return again.has(place) ? [] : [[place, one]];
    }),
  );
  await recordJournal(
    tx,
    now,
    [...fresh.values()].map(({ record, epoch, chain }) => {
      const facts = keepOwn(record.facts, known);
      const { sequence, previous, hash } = record;
      return {
        event: {
          ...facts,
          ...(chain === null ? {} : { detail: { ...facts.detail, chain } }),
          terminal,
          happenedAt: new Date(record.at),
        },
        place: { epoch, sequence, previous, hash },
      };
    }),
  );
  const changed = [...moved.values()].filter(({ epoch, sequence }) => heads.get(epoch)?.sequence !== sequence);
  await moveHeads(tx, now, terminal, changed);
  const added = [...fresh.values()].map(({ record }) => record);
  const offline = added.flatMap((one) => tryReadOfflineUse(one) ?? []);
  await storeOfflineSessions(
    tx,
    now,
    terminal,
    offline.filter(({ person }) => known.here.has(person)),
  );
  return {
    epoch: last.epoch,
    sequence: last.sequence,
    added: fresh.size,
    rewritten: rewritten.length,
    offline,
    wrongTries: added.flatMap(({ facts: { kind, reason, person } }) =>
      kind === 'offline.refused' && reason === 'wrong-secret' && person && known.here.has(person) ? [person] : [],
    ),
  };
};
