import type { EventFacts, JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { findFault } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { recordOnce } from './events.ts';

export interface Stored {
  readonly epoch: string;
  readonly sequence: number;
  /** Records that were new. */
  readonly added: number;
  /** Records of a place that holds another record already: not stored. */
  readonly rewritten: number;
}

const getHead = async (tx: Transaction, terminal: TerminalId, epoch: string): Promise<ChainHead | null> => {
  const [row] = await tx.query<ChainHead>(
    'select epoch, sequence, hash from event where terminal = $1 and epoch = $2 order by sequence desc limit 1',
    [terminal, epoch],
  );
  return row ?? null;
};

const named = ['person', 'actor', 'card', 'attempt', 'session', 'ceremony'] as const;

/** Of what the records name, what exists; an attempt, session or ceremony only when it is of this terminal. */
const findKnown = async (
  tx: Transaction,
  terminal: TerminalId,
  records: readonly JournalRecord[],
): Promise<ReadonlySet<string>> => {
  const ids = [...new Set(records.flatMap(({ facts }) => named.flatMap((name) => facts[name] ?? [])))];
  if (ids.length === 0) return new Set();
  const rows = await tx.query<{ id: string }>(
    `select id from person where id = any($1)
     union all select id from card where id = any($1)
     union all select id from attempt where id = any($1) and terminal = $2
     union all select id from session where id = any($1) and terminal = $2
     union all select id from ceremony where id = any($1) and terminal = $2`,
    [ids, terminal],
  );
  return new Set(rows.map(({ id }) => id));
};

const keepKnown = (facts: EventFacts, known: ReadonlySet<string>): EventFacts => {
  const unknown = named.filter((name) => facts[name] != null && !known.has(facts[name]));
  if (unknown.length === 0) return facts;
  return { ...facts, ...Object.fromEntries(unknown.map((name) => [name, null])) };
};

/**
 * Stores journal records of one terminal, each once. A record that does not continue the chain is stored and marked in
 * its `detail.chain` (`hash`, `sequence` or `previous`), so that a gap is seen and never silently closed.
 */
export const storeRecords = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  records: readonly JournalRecord[],
): Promise<Stored> => {
  await tx.query('select 1 from terminal where id = $1 for no key update', [terminal]);
  const known = await findKnown(tx, terminal, records);
  let head = null as ChainHead | null;
  let added = 0;
  let rewritten = 0;
  for (const record of records) {
    const { epoch, sequence, previous, hash } = record;
    if (head?.epoch !== epoch) head = await getHead(tx, terminal, epoch);
    const fault = findFault(record, head);
    const facts = keepKnown(record.facts, known);
    const detail = fault === null ? facts.detail : { ...facts.detail, chain: fault };
    const isNew = await recordOnce(
      tx,
      now,
      { ...facts, detail, terminal, happenedAt: new Date(record.at) },
      { epoch, sequence, previous, hash },
    );
    if (isNew) added += 1;
    else if (!(await isSame(tx, terminal, record))) rewritten += 1;
    if (head === null || sequence > head.sequence) head = { epoch, sequence, hash };
  }
  if (added > 0) await tx.notify('changed', { what: 'events' });
  if (head === null) throw new Error('a report without records passed the gate');
  return { epoch: head.epoch, sequence: head.sequence, added, rewritten };
};

const isSame = async (tx: Transaction, terminal: TerminalId, record: JournalRecord): Promise<boolean> => {
  const [row] = await tx.query<{ hash: string }>(
    'select hash from event where terminal = $1 and epoch = $2 and sequence = $3',
    [terminal, record.epoch, record.sequence],
  );
  return row?.hash === record.hash;
};
