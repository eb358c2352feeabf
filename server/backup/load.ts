import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { copyIn } from '../store/copy.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { revocationFloor, skippedRevocations } from '../store/log-tree.ts';
import { migrate } from '../store/migrate.ts';
import { beginRestoring, laidAside } from '../store/restoring.ts';
import { listTables } from './dump.ts';
import { type BackupHead, DamagedBackup, readBackup } from './form.ts';
import { openLines } from './sealed-file.ts';

/** What stands in the way, in the words of an operator. */
export class RestoreProblem extends Error {}

/** Reads it to its end before anything is given up for it. */
export const checkBackup = async (path: string, identity: string): Promise<BackupHead> => {
  const nothing = async (): Promise<void> => undefined;
  return (await readBackup(openLines(path, identity), { head: nothing, rows: nothing })).head;
};

const own = fileURLToPath(new URL('../store/migrations', import.meta.url));

/** Brings an empty schema to where the backup's was. */
const migrateTo = async (connectionString: string, { migrations }: BackupHead): Promise<void> => {
  const files = await readdir(own);
  const wanted = migrations.map((name) => `${name}.sql`);
  const unknown = wanted.filter((name) => !files.includes(name));
  if (unknown.length > 0) throw new RestoreProblem(`the backup is of a newer server: it has ${unknown.join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-restore-'));
  try {
    for (const name of wanted) await cp(join(own, name), join(folder, name));
    await migrate(connectionString, () => undefined, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const hasTable = async (client: pg.Client, name: string): Promise<boolean> => {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `public.${name}`,
  ]);
  return rows[0]?.there === true;
};

/** Nothing is put under a server that runs. */
const checkStopped = async (client: pg.Client): Promise<void> => {
  if (!(await hasTable(client, 'key_holder'))) return;
  const running = await client.query(`select 1 from key_holder where seen_at > now() - interval '15 seconds'`);
  if (running.rows.length > 0) throw new RestoreProblem('a server runs on this database; stop it first');
};

/** What the database has already is replaced only by whoever says so. */
const checkTarget = async (client: pg.Client, replace: boolean): Promise<void> => {
  if (!(await hasTable(client, 'person'))) return;
  const people = await client.query('select 1 from person limit 1');
  if (people.rows.length > 0 && !replace)
    throw new RestoreProblem('this database is in use; with --replace all that is in it is given up for the backup');
};

/** The highest number of a revocation that what is given up for the backup may have told to terminals. */
const findGiven = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query(
    `select 1 from information_schema.columns
      where table_schema = 'public' and table_name = 'server_incarnation' and column_name = 'revocations_from'`,
  );
  if (rows.length === 0) return 0;
  const floor = await client.query<{ floor: string }>(`select ${revocationFloor} as floor`);
  return Number(floor.rows[0]?.floor ?? 0);
};

/** What a restore that failed or was cut short had laid aside. False: nothing was. */
const putBack = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [laidAside]);
  if (rows.length === 0) return false;
  await client.query('begin');
  await client.query('drop schema public cascade');
  await client.query(`alter schema ${laidAside} rename to public`);
  await client.query('commit');
  return true;
};

/** What nobody goes back to any more, until it is dropped. */
const givenUp = 'given_up';

const transactionOf = (client: pg.Client): Transaction => ({
  query: async (text, values = []) => (await client.query(text, [...values])).rows as never[],
  copy: (text, rows) => copyIn(client, text, rows),
  notify: async () => undefined,
});

const load = async (client: pg.Client, lines: AsyncIterable<string>, before: BackupHead): Promise<number> => {
  const tables = await listTables(client);
  const { rows, tables: count } = await readBackup(lines, {
    head: async (head) => {
      if (head.at !== before.at) throw new DamagedBackup('the backup is not the one that was looked at');
      for (const month of head.months) await client.query('select open_event_month($1)', [month]);
      for (const table of tables) await client.query(`delete from "${table}"`);
    },
    rows: async (table, some) => {
      if (!tables.includes(table)) throw new DamagedBackup(`there is no table ${table}`);
      await client.query(
        `insert into "${table}" overriding system value select * from json_populate_recordset(null::"${table}", $1::json)`,
        [`[${some.join(',')}]`],
      );
    },
  });
  if (count !== tables.length) throw new DamagedBackup('tables are missing');
  return rows;
};

export interface Restored {
  readonly rows: number;
  readonly incarnation: string;
}

const connect = async (connectionString: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString, application_name: 'kazasu restore', options: '-c timezone=UTC' });
  // Whoever waits for an answer is told that the connection broke.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** Goes back to what was there before a restore that was cut short. */
export const giveUpRestore = async (connectionString: string): Promise<void> => {
  const client = await connect(connectionString);
  try {
    await beginRestoring(client);
    await checkStopped(client);
    if (!(await putBack(client))) throw new RestoreProblem('no restore was cut short in this database');
  } finally {
    await client.end();
  }
};

/**
 * Puts a backup in the place of all that is in a database: whole or not at all. The server goes on as another incarnation,
 * so that terminals and auditors see that something is missing, and send again what they have.
 */
export const restore = async (
  connectionString: string,
  open: () => AsyncIterable<string>,
  { head, now, by, replace = false }: { head: BackupHead; now: Date; by: string; replace?: boolean },
): Promise<Restored> => {
  const client = await connect(connectionString);
  try {
    await beginRestoring(client);
    await checkStopped(client);
    await putBack(client);
    await checkTarget(client, replace);
    const given = await findGiven(client);
    // The backup's schema is made from nothing; what is there lies aside until all is well.
    await client.query(`drop schema if exists ${givenUp} cascade`);
    await client.query(`alter schema public rename to ${laidAside}`);
    await client.query('create schema public');
    await migrateTo(connectionString, head);
    await client.query('begin');
    // Neither foreign keys nor the guards of the log stand in the way of rows that were right where they come from.
    await client.query('set local session_replication_role = replica');
    const rows = await load(client, open(), head);
    for (const [name, last] of Object.entries(head.sequences))
      if (last !== null) await client.query('select setval($1::regclass, $2)', [`public.${name}`, last]);
    await client.query('commit');
    await migrate(connectionString, () => undefined);
    await client.query('begin');
    const incarnation = randomUUID();
    await client.query(
      `insert into server_incarnation (number, id, began_at, reason, size, revocations_from, lost_from)
       select max(number) + 1, $1, $2, 'restored', $3, greatest(${revocationFloor}, $6) + $4, $5
         from server_incarnation`,
      [incarnation, now, head.size, skippedRevocations, head.at, given],
    );
    await client.query('update terminal set connected_to = null, connected_at = null');
    await record(transactionOf(client), now, {
      kind: 'server.restored',
      outcome: 'serious',
      detail: { of: head.at, lines: head.size, before: head.incarnation, incarnation, by },
    });
    // With this commit the backup is in force: what is cut short later is not undone by the next one.
    await client.query(`alter schema ${laidAside} rename to ${givenUp}`);
    await client.query('commit');
    await client.query(`drop schema ${givenUp} cascade`);
    return { rows, incarnation };
  } catch (problem) {
    await client.query('rollback').catch(() => undefined);
    await putBack(client).catch(() => undefined);
    throw problem;
  } finally {
    await client.end();
  }
};
