import pg from 'pg';
import { refuseHalfRestored } from '../store/restoring.ts';
import type { BackupHead } from './form.ts';

/** Rows that are fetched at a time. */
const portion = 1000;
/** What is of the moment: processes that run, and who is connected to which. */
const passing = ['server_process', 'key_holder'];

/** Tables with rows of their own, by name; the log as a whole and not by its months. */
export const listTables = async (client: pg.Client): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'migration'
      order by 1`,
  );
  return rows.map(({ name }) => name);
};

const readHead = async (client: pg.Client, at: Date): Promise<BackupHead> => {
  const migrations = await client.query<{ name: string }>('select name from migration order by id');
  const sequences = await client.query<{ name: string; last: string | null }>(
    `select sequencename as name, last_value as last from pg_sequences where schemaname = 'public'`,
  );
  const months = await client.query<{ month: Date }>(
    `select distinct date_trunc('month', at, 'UTC') as month from event order by 1`,
  );
  const known = await client.query<{ id: string; size: string }>(
    `select (select id from server_incarnation order by number desc limit 1) as id,
            (select coalesce(max(size), 0) from log_checkpoint) as size`,
  );
  return {
    kazasu: 'backup',
    version: 1,
    at: at.toISOString(),
    migrations: migrations.rows.map(({ name }) => name),
    sequences: Object.fromEntries(sequences.rows.map(({ name, last }) => [name, last === null ? null : Number(last)])),
    months: months.rows.map(({ month }) => month.toISOString()),
    incarnation: known.rows[0]?.id ?? '',
    size: Number(known.rows[0]?.size ?? 0),
  };
};

/** Everything in the database as it was at one moment, while it goes on. Throws `HalfRestored`. */
export async function* dump(connectionString: string, at: Date): AsyncGenerator<string> {
  await refuseHalfRestored(connectionString);
  const client = new pg.Client({ connectionString, application_name: 'kazasu backup', options: '-c timezone=UTC' });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    yield `${JSON.stringify(await readHead(client, at))}\n`;
    const tables = await listTables(client);
    let all = 0;
    for (const table of tables) {
      yield `${JSON.stringify({ table })}\n`;
      let count = 0;
      const which = passing.includes(table) ? ' where false' : '';
      await client.query(
        `declare rows no scroll cursor for select row_to_json(t)::text as row from "${table}" t${which}`,
      );
      for (;;) {
        const { rows } = await client.query<{ row: string }>(`fetch ${portion} from rows`);
        if (rows.length === 0) break;
        count += rows.length;
        yield rows.map(({ row }) => `R${row}\n`).join('');
      }
      await client.query('close rows');
      yield `${JSON.stringify({ end: table, rows: count })}\n`;
      all += count;
    }
    yield `${JSON.stringify({ tables: tables.length, rows: all })}\n`;
    await client.query('rollback');
  } finally {
    await client.end();
  }
}
