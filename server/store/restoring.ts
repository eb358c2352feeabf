import pg from 'pg';
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

/** Where what a backup is put in the place of lies until the backup is whole. Its being there says that it is not. */
export const laidAside = 'before_restore';

/** Nothing may be served from a database that a restore was cut short in, or is at work in. */
export class HalfRestored extends Error {}

/** Throws `HalfRestored`. What a killed restore has left looks like a hospital without cards and revocations. */
export const refuseHalfRestored = async (connectionString: string): Promise<void> => {
  const client = new pg.Client({ connectionString, application_name: 'kazasu' });
  await client.connect();
  try {
    const { rows } = await client.query<{ half: boolean; free: boolean }>(
      `select to_regnamespace($1) is not null as half, pg_try_advisory_lock_shared($2) as free`,
      [laidAside, restoring],
    );
    if (rows[0]?.free !== true)
      throw new HalfRestored('a backup is being restored into this database; wait for its end');
    if (rows[0].half)
      throw new HalfRestored(
        'a restore into this database was cut short. Restore again, or go back to what was there before: npm run restore -- --give-up',
      );
  } finally {
    await client.end();
  }
};
