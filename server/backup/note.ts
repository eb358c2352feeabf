import { createDatabase } from '../store/database.ts';
import { record } from '../store/events.ts';

export interface NotedBackup {
  readonly tables: number;
  readonly rows: number;
  /** Whether it lies in the write-once store too. */
  readonly writeOnce: boolean;
}

/** Tells the log of a backup that was made: that there are backups is asked of the server, which sees none of them. */
export const noteBackup = async (connectionString: string, { tables, rows, writeOnce }: NotedBackup): Promise<void> => {
  const database = createDatabase({ connectionString, report: () => undefined });
  try {
    await record(database, new Date(), {
      kind: 'backup.made',
      outcome: 'success',
      detail: { tables, rows, writeOnce },
    });
  } finally {
    await database.close();
  }
};
