import type { Changed } from '#contract/api/console.ts';
import { type NotedGeneration, noteGeneration } from '../store/backups.ts';
import { createDatabase } from '../store/database.ts';
import { record } from '../store/events.ts';

export interface NotedBackup extends NotedGeneration {
  readonly tables: number;
  readonly rows: number;
}

/** Tells the log and the console of a backup that was made: that there are backups is asked of the server, which sees none of them. */
export const noteBackup = async (connectionString: string, noted: NotedBackup): Promise<void> => {
  const { tables, rows, stored } = noted;
  const database = createDatabase({ connectionString, report: () => undefined });
  try {
    await database.transaction(async (tx) => {
      const now = new Date();
      const event = await record(tx, now, {
        kind: 'backup.made',
        outcome: 'success',
        detail: { tables, rows, writeOnce: stored === 'stored' },
      });
      await noteGeneration(tx, now, event, noted);
      // With the commit: what is told apart from it would be lost where the command ends.
      for (const what of ['backups', 'events'] satisfies Changed['what'][])
        await tx.query(`select pg_notify('changed', $1)`, [JSON.stringify({ what })]);
    });
  } finally {
    await database.close();
  }
};
