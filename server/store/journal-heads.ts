import type { TerminalId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';

/** The newest record of a journal, and when its first one was stored. */
export interface JournalHead extends ChainHead {
  readonly beganAt: Date;
}

/** Heads of these journals of a terminal, by epoch. Whoever asks holds the terminal's row. */
export const findHeads = async (
  tx: Transaction,
  terminal: TerminalId,
  epochs: readonly string[],
): Promise<Map<string, JournalHead>> => {
  const rows = await tx.query<JournalHead>(
    `select epoch, sequence, hash, began_at as "beganAt" from journal_head where terminal = $1 and epoch = any($2)`,
    [terminal, epochs],
    'journal-heads',
  );
  return new Map(rows.map((row) => [row.epoch, row]));
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

export const moveHeads = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  heads: readonly ChainHead[],
): Promise<void> => {
  if (heads.length === 0) return;
  await tx.query(
    `insert into journal_head (terminal, epoch, sequence, hash, began_at)
     select $1, epoch, sequence, hash, $2 from unnest($3::uuid[], $4::bigint[], $5::text[]) as head (epoch, sequence, hash)
     on conflict (terminal, epoch) do update set sequence = excluded.sequence, hash = excluded.hash`,
    [
      terminal,
      now,
      heads.map(({ epoch }) => epoch),
      heads.map(({ sequence }) => sequence),
      heads.map(({ hash }) => hash),
    ],
  );
};

/** Where a record lies in the journals of one terminal. */
export interface Place {
  readonly epoch: string;
  readonly sequence: number;
}
export const placeKey = ({ epoch, sequence }: Place): string => `${epoch} ${sequence}`;

/** Hashes of what is stored at these places, by `placeKey`; no month before `since` is looked at. */
export const findStored = async (
  tx: Transaction,
  terminal: TerminalId,
  places: readonly Place[],
  since: Date,
): Promise<Map<string, string>> => {
  if (places.length === 0) return new Map();
  const rows = await tx.query<Place & { hash: string }>(
    `select epoch, sequence, hash from event
      where terminal = $1 and epoch = any($2::uuid[]) and sequence = any($3::bigint[]) and at >= $4`,
    [
      terminal,
      [...new Set(places.map(({ epoch }) => epoch))],
      [...new Set(places.map(({ sequence }) => sequence))],
      since,
    ],
  );
  return new Map(rows.map((row) => [placeKey(row), row.hash]));
};
