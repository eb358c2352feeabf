import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { migrate } from './migrate.ts';

/** From this one on servers of the version before serve while it runs. */
const firstUnderLoad = '0033';

let opened: TestDatabase;
before(async () => {
  opened = await openTestDatabase();
});
after(() => opened.close());

/** What a migration may not write anew while people log in, for it would hold it as long as it has lines. */
const growing = `select c.relname || ' ' || coalesce(nullif(c.relfilenode, 0), c.oid) as file from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'public' and c.relkind in ('r', 'i') and c.relname ~
   '^(event|session|attempt|offline_session|credential|card|person|substitute|revocation|receipt|journal_head|log_tile|log_leaf|log_checkpoint)'`;

/** What the transaction keeps others from writing: nobody logs in, or can be revoked, before it ends. */
const heldUp = `select distinct c.relname || ' ' || l.mode as what from pg_locks l join pg_class c on c.oid = l.relation
 where l.pid = pg_backend_pid() and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   and c.relname ~ '^(event(_default|_[0-9_]+)?|session|attempt|credential|card|person|substitute|terminal|revocation|receipt)$'`;

/** What it reads of what has many lines. */
const walked = `select relname as what from pg_stat_xact_user_tables
 where coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0
   and relname ~ '^(event_default|event_[0-9_]+|session|attempt|offline_session|journal_head|log_tile|log_leaf)$'`;

test('no migration that servers in use have to bear writes anew what grows, or walks through it while it holds others up', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-migrations-'));
  t.after(() => rm(folder, { recursive: true }));
  const own = new URL('./migrations/', import.meta.url);
  const names = (await readdir(own)).sort();
  await opened.database.query('create database one_by_one');
  const url = Object.assign(new URL(opened.connectionString), { pathname: '/one_by_one' }).href;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  const list = async (): Promise<string[]> =>
    (await client.query<{ file: string }>(growing)).rows.map(({ file }) => file);
  /** Runs it and takes it back. */
  const tryOut = async (name: string): Promise<[readonly string[], readonly string[]]> => {
    const trying = new pg.Client({ connectionString: url });
    await trying.connect();
    try {
      await trying.query('begin');
      await trying.query(await readFile(new URL(name, own), 'utf8'));
      const ask = async (query: string): Promise<string[]> =>
        (await trying.query<{ what: string }>(query)).rows.map(({ what }) => what);
      return [await ask(heldUp), await ask(walked)];
    } finally {
      await trying.end();
    }
  };
  const take = async (name: string): Promise<void> => cp(new URL(name, own), join(folder, name));

  for (const name of names.filter((one) => one < firstUnderLoad)) await take(name);
  await migrate(url, () => undefined, folder);
  // A log that has lines: one without any may get other indexes at once.
  await client.query(
    `insert into event (id, at, kind, outcome) values (gen_random_uuid(), now(), 'guard.started', 'success')`,
  );
  const seen = await list();
  assert.ok(seen.some((file) => file.startsWith('event_')) && seen.some((file) => file.startsWith('session ')));
  for (const name of names.filter((one) => one >= firstUnderLoad)) {
    const [locks, read] = await tryOut(name);
    assert.ok(locks.length === 0 || read.length === 0, `${name} holds ${locks} while it reads ${read}`);
    const files = await list();
    await take(name);
    assert.deepEqual(await migrate(url, () => undefined, folder), [name.replace('.sql', '')]);
    const left = new Set(await list());
    const anew = files.filter((file) => !left.has(file));
    assert.deepEqual(anew, [], `${name} writes them anew, or takes them away`);
  }
});
