import { type EventFacts, type JournalRecord, terminalKinds } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { findFault } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { recordOnce } from './events.ts';

export interface Stored {
  /** Place of the last record that was sent. */
  readonly epoch: string;
  readonly sequence: number;
  /** Records that were new. */
  readonly added: number;
  /** Records of a place that holds another record already. */
  readonly rewritten: number;
}

const getHead = async (tx: Transaction, terminal: TerminalId, epoch: string): Promise<ChainHead | null> => {
  const [row] = await tx.query<ChainHead>(
    'select epoch, sequence, hash from event where terminal = $1 and epoch = $2 order by sequence desc limit 1',
    [terminal, epoch],
  );
  return row ?? null;
};

/** Of the objects that records name, those of this terminal; a session with its person. */
interface Known {
  readonly ids: ReadonlySet<string>;
  readonly personOf: ReadonlyMap<string, string>;
}

const named = ['card', 'attempt', 'session', 'ceremony'] as const;

const findKnown = async (tx: Transaction, terminal: TerminalId, records: readonly JournalRecord[]): Promise<Known> => {
  const ids = [...new Set(records.flatMap(({ facts }) => named.flatMap((name) => facts[name] ?? [])))];
  if (ids.length === 0) return { ids: new Set(), personOf: new Map() };
  const rows = await tx.query<{ id: string; person: string | null }>(
    `select id, person from session where id = any($1) and terminal = $2
     union all select card, null from session where id = any($1) and terminal = $2
     union all select id, null from attempt where id = any($1) and terminal = $2
     union all select id, null from ceremony where id = any($1) and terminal = $2`,
    [ids, terminal],
  );
  return {
    ids: new Set(rows.map(({ id }) => id)),
    personOf: new Map(rows.flatMap(({ id, person }) => (person === null ? [] : [[id, person]]))),
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
  const isHere = facts.person != null && known.personOf.get(facts.session ?? '') === facts.person;
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
  await tx.query('select 1 from terminal where id = $1 for no key update', [terminal]);
  const known = await findKnown(tx, terminal, records);
  let head = null as ChainHead | null;
  let added = 0;
  let rewritten = 0;
  for (const record of records) {
    const { epoch, sequence, previous, hash } = record;
    if (head?.epoch !== epoch) head = await getHead(tx, terminal, epoch);
    const fault = findFault(record, head);
    const facts = keepOwn(record.facts, known);
    const store = (chain: string | null, inEpoch: string): Promise<boolean> => {
      const detail = chain === null ? facts.detail : { ...facts.detail, chain };
      const toRecord = { ...facts, detail, terminal, happenedAt: new Date(record.at) };
      return recordOnce(tx, now, toRecord, { epoch: inEpoch, sequence, previous, hash });
    };
    if (await store(fault, epoch)) added += 1;
    else if (!(await isSame(tx, terminal, record))) {
      rewritten += 1;
      if (await store('rewritten', epochOf(hash))) added += 1;
    }
    if (head === null || sequence > head.sequence) head = { epoch, sequence, hash };
  }
  if (added > 0) await tx.notify('changed', { what: 'events' });
  return { epoch: last.epoch, sequence: last.sequence, added, rewritten };
};

const isSame = async (tx: Transaction, terminal: TerminalId, record: JournalRecord): Promise<boolean> => {
  const [row] = await tx.query<{ hash: string }>(
    'select hash from event where terminal = $1 and epoch = $2 and sequence = $3',
    [terminal, record.epoch, record.sequence],
  );
  return row?.hash === record.hash;
};
