import { hostname } from 'node:os';
import type { Transaction } from './database.ts';

/** A process that was not heard of for this long, by the database's clock, has ended or is cut off from it. */
const heldFor = "interval '15 seconds'";

/** A running process of the server. */
export interface KeyHolder {
  readonly id: string;
  readonly host: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** Names the state of the keys that it holds; see `versionOf`. */
  readonly version: string;
}

/** Says that this process runs and holds the keys in this state. */
export const noteHolder = async (
  tx: Transaction,
  { id, startedAt, version }: Pick<KeyHolder, 'id' | 'startedAt' | 'version'>,
): Promise<void> => {
  await tx.query(
    `insert into key_holder (id, host, started_at, seen_at, version) values ($1, $2, $3, now(), $4)
     on conflict (id) do update set seen_at = excluded.seen_at, version = excluded.version`,
    [id, `${hostname()} (process ${process.pid})`, startedAt, version],
  );
  await tx.query(`delete from key_holder where seen_at < now() - interval '1 day'`);
};

export const forgetHolder = async (tx: Transaction, id: string): Promise<void> => {
  await tx.query('delete from key_holder where id = $1', [id]);
};

/** Processes that run, oldest first. */
export const listHolders = (tx: Transaction): Promise<KeyHolder[]> =>
  tx.query<KeyHolder>(
    `select id, host, started_at as "startedAt", seen_at as "seenAt", version from key_holder
      where seen_at > now() - ${heldFor} order by started_at, id`,
  );
