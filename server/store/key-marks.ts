import type { Secrets } from '../secrets.ts';
import type { Database } from './database.ts';

/** The key file and the database are not of the same server, or keys are missing from the file. */
export class ForeignKeys extends Error {}

/**
 * Holds the keys against the marks that this database remembers and writes down marks of new ones. A restored database
 * with fresh keys is found at the start and not by a hospital whose every card is refused.
 */
export const checkKeyMarks = (database: Database, secrets: Secrets): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.query('lock table key_mark in exclusive mode');
    const held = secrets.marks();
    const known = await tx.query<{ purpose: string; key: number; mark: string }>('select * from key_mark');
    for (const { purpose, key, mark } of known) {
      const ours = held.find((one) => one.purpose === purpose && one.key === key);
      if (ours?.mark === mark) continue;
      throw new ForeignKeys(
        `this database was written with ${ours ? 'another' : 'a missing'} ${purpose} key (number ${key}); put back the keys.json that belongs to it`,
      );
    }
    for (const { purpose, key, mark } of held) {
      await tx.query('insert into key_mark (purpose, key, mark) values ($1, $2, $3) on conflict do nothing', [
        purpose,
        key,
        mark,
      ]);
    }
  });
