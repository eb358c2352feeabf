import type pg from 'pg';
import type { Transaction } from './database.ts';

/** Any constant: held by whoever puts a backup in the place of the database, and shared by those who must not meet that. */
const restoring = 5_411_007;

/** Until the transaction ends no backup is put back. First of all in it: what it names later is all of one database. */
export const holdOffRestore = async (tx: Transaction): Promise<void> => {
  await tx.query('select pg_advisory_xact_lock_shared($1)', [restoring], 'hold-off-restore');
};

/** Waits for those under way, and keeps others waiting as long as the connection is open. */
export const beginRestoring = async (client: pg.Client): Promise<void> => {
  await client.query('select pg_advisory_lock($1)', [restoring]);
};
