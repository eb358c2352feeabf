import { z } from 'zod';

/**
 * A backup is lines of text: one of JSON that says what comes, then for each table its rows as PostgreSQL writes them in
 * JSON, each behind an `R`, and a line that says how many they were; at the end how many tables.
 */
export const backupHead = z.strictObject({
  kazasu: z.literal('backup'),
  version: z.literal(1),
  at: z.iso.datetime(),
  /** Migrations that had been made, in their order. */
  migrations: z.array(z.string()).min(1),
  /** What each sequence gave last; null for one that was not used. */
  sequences: z.record(z.string(), z.int().nullable()),
  /** First days of the months that the log has lines of. */
  months: z.array(z.iso.datetime()),
  incarnation: z.uuid(),
  /** Lines of the log that have their place. */
  size: z.int().min(0),
});
export type BackupHead = z.infer<typeof backupHead>;

export const tableEnd = z.strictObject({ end: z.string(), rows: z.int().min(0) });
export const backupEnd = z.strictObject({ tables: z.int().min(1), rows: z.int().min(0) });

/** The file, or what was read of it, is no whole backup. */
export class DamagedBackup extends Error {}

export interface BackupVisitor {
  head(head: BackupHead): Promise<void>;
  rows(table: string, rows: readonly string[]): Promise<void>;
}

const portion = 1000;

/** Reads a backup to its end. Throws where it is not whole: what was visited by then is to be forgotten. */
export const readBackup = async (
  lines: AsyncIterable<string>,
  visitor: BackupVisitor,
): Promise<{ head: BackupHead; tables: number; rows: number }> => {
  let head: BackupHead | undefined;
  let end: z.infer<typeof backupEnd> | undefined;
  let table: string | undefined;
  let [tables, rows, count] = [0, 0, 0];
  let held: string[] = [];
  const flush = async (): Promise<void> => {
    if (held.length > 0 && table !== undefined) await visitor.rows(table, held);
    held = [];
  };
  const parse = <Value>(schema: z.ZodType<Value>, line: string): Value => {
    const parsed = schema.safeParse(tryParse(line));
    if (!parsed.success)
      throw new DamagedBackup(`the backup has a line that does not belong there: ${line.slice(0, 80)}`);
    return parsed.data;
  };
  for await (const line of lines) {
    if (end !== undefined) throw new DamagedBackup('the backup goes on behind its end');
    if (head === undefined) {
      head = parse(backupHead, line);
      await visitor.head(head);
    } else if (line.startsWith('R') && table !== undefined) {
      count += 1;
      if (held.push(line.slice(1)) >= portion) await flush();
    } else if (table === undefined) {
      const next = z.union([z.strictObject({ table: z.string() }), backupEnd]);
      const said = parse(next, line);
      if ('table' in said) [table, count] = [said.table, 0];
      else end = said;
    } else {
      await flush();
      const said = parse(tableEnd, line);
      if (said.end !== table || said.rows !== count) throw new DamagedBackup(`rows of ${table} are missing`);
      [tables, rows, table] = [tables + 1, rows + count, undefined];
    }
  }
  if (head === undefined || end === undefined || end.tables !== tables || end.rows !== rows)
    throw new DamagedBackup('the backup ends before its end');
  return { head, tables, rows };
};

const tryParse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
