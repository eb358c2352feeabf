import { type KeyPurpose, keyPurposes } from '#contract/api/keys.ts';
import { type KeyRings, ringFor, type StoredKey } from '../key-ring.ts';
import { markOf } from '../secrets.ts';
import type { Database, Transaction } from './database.ts';
import { record } from './events.ts';

/** The key file and the database are not of the same server, or keys are missing from the file. */
export class ForeignKeys extends Error {}

export interface NamedKey {
  readonly purpose: KeyPurpose;
  readonly key: number;
}

interface Mark extends NamedKey {
  readonly mark: string;
  readonly used_at: Date | null;
  readonly retired_at: Date | null;
}

/** Held until the transaction ends: one process at a time brings file and database together. */
export const lockKeyMarks = async (tx: Transaction): Promise<void> => {
  await tx.query('lock table key_mark in exclusive mode');
};

/**
 * Holds the keys against the marks that this database remembers, and writes down new keys and keys that were put in use,
 * each with its event, whoever sees them first. A restored database with fresh keys is found at the start and not by a
 * hospital whose every card is refused.
 */
export const checkKeyMarks = (database: Database, rings: KeyRings, now: Date): Promise<void> =>
  database.transaction(async (tx) => {
    await lockKeyMarks(tx);
    await noteKeys(tx, rings, now);
  });

/** The same inside a transaction that holds the lock. `by` is who asked for it. */
export const noteKeys = async (tx: Transaction, rings: KeyRings, now: Date, by?: string): Promise<void> => {
  const known = await tx.query<Mark>('select purpose, key, mark, used_at, retired_at from key_mark');
  for (const { purpose, key, mark, retired_at: retiredAt } of known) {
    const ours = ringFor(rings, purpose).find((one) => one.id === key);
    if (ours ? markOf(purpose, ours) === mark : retiredAt !== null) continue;
    throw new ForeignKeys(
      `this database was written with ${ours ? 'another' : 'a missing'} ${purpose} key (number ${key}); put back the keys.json that belongs to it`,
    );
  }
  const all = keyPurposes.flatMap((purpose) => ringFor(rings, purpose).map((key) => ({ purpose, key })));
  for (const { purpose, key } of all) {
    const before = known.find((one) => one.purpose === purpose && one.key === key.id);
    await noteKey(tx, now, { purpose, key, before, by, isFirst: known.length === 0 });
  }
};

interface ToNote {
  readonly purpose: KeyPurpose;
  readonly key: StoredKey;
  readonly before: Mark | undefined;
  readonly by: string | undefined;
  /** True for the keys of a new database, which nobody asked for. */
  readonly isFirst: boolean;
}

const noteKey = async (tx: Transaction, now: Date, { purpose, key, before, by, isFirst }: ToNote): Promise<void> => {
  const say = (kind: 'key.made' | 'key.put-in-use') =>
    isFirst ? undefined : record(tx, now, { kind, outcome: 'success', reason: purpose, detail });
  const detail = { purpose, key: key.id, ...(by === undefined ? {} : { by }) };
  if (before === undefined) {
    await tx.query('insert into key_mark (purpose, key, mark, made_at) values ($1, $2, $3, $4)', [
      purpose,
      key.id,
      markOf(purpose, key),
      now,
    ]);
    await say('key.made');
  }
  if (key.waits === true || (before?.used_at ?? null) !== null) return;
  await tx.query('update key_mark set used_at = $3 where purpose = $1 and key = $2', [purpose, key.id, now]);
  if (isFirst) await noteSettled(tx, now, purpose, key.id);
  await say('key.put-in-use');
};

/** Every process works with it: the command that put it in use is over. */
export const noteSettled = async (tx: Transaction, now: Date, purpose: KeyPurpose, key: number): Promise<void> => {
  await tx.query('update key_mark set settled_at = $3 where purpose = $1 and key = $2', [purpose, key, now]);
};

export const isSettled = async (tx: Transaction, purpose: KeyPurpose, key: number): Promise<boolean> =>
  (await tx.query('select 1 from key_mark where purpose = $1 and key = $2 and settled_at is null', [purpose, key]))
    .length === 0;

/** From here on the file may be without it. False when it was retired before. */
export const noteRetired = async (
  tx: Transaction,
  now: Date,
  { purpose, key, letGo, by }: { purpose: KeyPurpose; key: number; letGo: number; by: string },
): Promise<boolean> => {
  const rows = await tx.query(
    'update key_mark set retired_at = $3 where purpose = $1 and key = $2 and retired_at is null returning key',
    [purpose, key, now],
  );
  if (rows.length === 0) return false;
  await record(tx, now, {
    kind: 'key.retired',
    outcome: 'success',
    reason: purpose,
    detail: { purpose, key, letGo, by },
  });
  return true;
};

export const listRetired = (tx: Transaction): Promise<NamedKey[]> =>
  tx.query<NamedKey>('select purpose, key from key_mark where retired_at is not null');

/** The next number: one that was retired is not taken again, since rows may still name it. */
export const lastNumber = async (tx: Transaction, purpose: KeyPurpose): Promise<number> => {
  const [row] = await tx.query<{ last: number }>(
    'select coalesce(max(key), 0) as last from key_mark where purpose = $1',
    [purpose],
  );
  return row?.last ?? 0;
};
