import type { TerminalId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { listAlong } from './event-stretches.ts';

/** A journal of a terminal. */
export interface Journal {
  readonly terminal: TerminalId;
  readonly epoch: string;
}
/** Where records lie, one after the other: the numbers of the first and of the last. */
export interface Run extends Journal {
  readonly first: number;
  readonly last: number;
}
/** PostgreSQL spells a UUID in small letters, whatever was sent. */
export const journalKey = ({ terminal, epoch }: Journal): string => `${terminal} ${epoch.toLowerCase()}`;

/** Hashes of stored records, by their journal (`journalKey`) and sequence. */
export type StoredHashes = ReadonlyMap<string, ReadonlyMap<number, string>>;

/** The newest record of a journal. */
export interface Head extends ChainHead, Journal {
  /** Every record up to this one is stored and continues the chain. */
  readonly whole: boolean;
}
/** The same with when the first record was stored. */
export interface JournalHead extends Head {
  readonly beganAt: Date;
}

/** Heads of these journals, each asked for once, by `journalKey`. Whoever asks holds the rows of their terminals. */
export const findHeads = async (
  tx: Transaction,
  journals: readonly Journal[],
): Promise<ReadonlyMap<string, JournalHead>> => {
  const rows = await tx.query<JournalHead>(
    `select terminal, epoch, sequence, hash, began_at as "beganAt", whole_to is not distinct from sequence as whole
       from journal_head
       join unnest($1::uuid[], $2::uuid[]) as asked (terminal, epoch) using (terminal, epoch)`,
    [journals.map(({ terminal }) => terminal), journals.map(({ epoch }) => epoch)],
    'journal-heads',
  );
  return new Map(rows.map((row) => [journalKey(row), row]));
};

/** The newest journals of each of these terminals, and how far they are stored. */
export const listHeads = async (
  tx: Transaction,
  terminals: readonly TerminalId[],
): Promise<Map<TerminalId, { readonly epoch: string; readonly sequence: number }[]>> => {
  const rows = await tx.query<{ terminal: TerminalId; epoch: string; sequence: number }>(
    `select t.id as terminal, h.epoch, h.sequence from unnest($1::uuid[]) as t (id) cross join lateral (
       select epoch, sequence from journal_head where terminal = t.id order by began_at desc, epoch limit 20) h`,
    [terminals],
    'list-journal-heads',
  );
  const all = new Map<TerminalId, { epoch: string; sequence: number }[]>();
  for (const { terminal, ...head } of rows) all.set(terminal, [...(all.get(terminal) ?? []), head]);
  return all;
};

export const moveHeads = async (tx: Transaction, now: Date, heads: readonly Head[]): Promise<void> => {
  if (heads.length === 0) return;
  await tx.query(
    `insert into journal_head (terminal, epoch, sequence, hash, whole_to, began_at)
     select terminal, epoch, sequence, hash, case when whole then sequence end, $1
       from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::boolean[])
         as head (terminal, epoch, sequence, hash, whole)
     on conflict (terminal, epoch) do update
        set sequence = excluded.sequence, hash = excluded.hash, whole_to = excluded.whole_to`,
    [
      now,
      heads.map(({ terminal }) => terminal),
      heads.map(({ epoch }) => epoch),
      heads.map(({ sequence }) => sequence),
      heads.map(({ hash }) => hash),
      heads.map(({ whole }) => whole),
    ],
    'move-journal-heads',
  );
};

/** A terminal's word for a journal up to a record. */
export interface Vouched extends ChainHead, Journal {
  readonly signature: string;
  /** SPKI, DER. */
  readonly key: Buffer;
}

/** Keeps them beside the heads that they are about; of an older record none is kept. */
export const keepSignatures = async (tx: Transaction, vouched: readonly Vouched[]): Promise<void> => {
  if (vouched.length === 0) return;
  await tx.query(
    `update journal_head head set signed_sequence = head.sequence, signed_hash = head.hash,
            signature = given.signature, signed_by = given.key
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
              as given (terminal, epoch, sequence, hash, signature, key)
      where head.terminal = given.terminal and head.epoch = given.epoch
        and head.sequence = given.sequence and head.hash = given.hash`,
    [
      vouched.map(({ terminal }) => terminal),
      vouched.map(({ epoch }) => epoch),
      vouched.map(({ sequence }) => sequence),
      vouched.map(({ hash }) => hash),
      vouched.map(({ signature }) => signature),
      vouched.map(({ key }) => key),
    ],
    'keep-journal-signatures',
  );
};

/** Has the planner take the one index that has the records of a journal in their order, or lets it choose again. */
const readInOrder = (tx: Transaction, on: boolean): Promise<unknown> =>
  tx.query(`select set_config('enable_sort', $1, true)`, [on ? 'off' : 'on'], 'in-order');

const ofJournal = 'terminal = asked.terminal and epoch = asked.epoch and at >= $5';
/** Records that continue the chain are written in their order; one of sixty-four is in an index. */
const marks = `${ofJournal} and sequence % 64 = 1 and not detail ? 'chain'`;
/** Lines of the terminal between two of them. */
const ofTerminal = listAlong(
  ['e.terminal = asked.terminal'],
  { lowest: 'between_marks.lowest', upper: 'between_marks.highest', times: ['e.at >= $5'] },
  'all',
  'e.seq, e.epoch, e.sequence, e.hash',
);
/** All others are in an index of their own. The first one that is stored of a journal is here or there. */
const aside = `${ofJournal} and detail ? 'chain'`;

/**
 * Hashes of what is stored at these places; nothing that was stored before `since` is looked at. What lies between two marks is
 * read along the lines of the terminal. While many come, the planner knows the log as it was before them and takes one way for as
 * good as another: it read what all terminals had stored under these numbers, seven times as much as it was asked for with sixty
 * of them.
 */
export const findStored = async (tx: Transaction, runs: readonly Run[], since: Date): Promise<StoredHashes> => {
  if (runs.length === 0) return new Map();
  await readInOrder(tx, true);
  const rows = await tx.query<Journal & { stored: string }>(
    `select asked.terminal, asked.epoch, e.stored
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as asked (terminal, epoch, first, last)
      cross join lateral (
        select coalesce((select seq from event where ${marks} and sequence <= asked.first order by sequence desc limit 1),
                        (select min(seq) from event where ${aside})) as lowest,
               coalesce((select seq from event where ${marks} and sequence > asked.last order by sequence limit 1),
                        9223372036854775807) as highest) as between_marks
      cross join lateral (
        select string_agg(sequence || ' ' || hash, ',') as stored from (
          (select sequence, hash from (${ofTerminal}) e
            where epoch = asked.epoch and sequence between asked.first and asked.last order by seq)
          union all
          (select sequence, hash from event where ${aside} and sequence between asked.first and asked.last order by sequence)
        ) as one) as e
      where e.stored is not null`,
    [
      runs.map(({ terminal }) => terminal),
      runs.map(({ epoch }) => epoch),
      runs.map(({ first }) => first),
      runs.map(({ last }) => last),
      since,
    ],
  );
  await readInOrder(tx, false);
  const stored = new Map<string, Map<number, string>>();
  for (const row of rows) {
    const key = journalKey(row);
    const hashes = stored.get(key) ?? new Map<number, string>();
    stored.set(key, hashes);
    for (const one of row.stored.split(',')) {
      const [sequence, hash = ''] = one.split(' ');
      hashes.set(Number(sequence), hash);
    }
  }
  return stored;
};
