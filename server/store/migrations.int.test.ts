import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
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

test('no migration that servers in use have to bear writes a table or an index anew that grows', async (t) => {
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
  const take = async (name: string): Promise<void> => cp(new URL(name, own), join(folder, name));

  for (const name of names.filter((one) => one < firstUnderLoad)) await take(name);
  await migrate(url, () => undefined, folder);
  const seen = await list();
  assert.ok(seen.some((file) => file.startsWith('event_')) && seen.some((file) => file.startsWith('session ')));
  for (const name of names.filter((one) => one >= firstUnderLoad)) {
    const files = await list();
    await take(name);
    assert.deepEqual(await migrate(url, () => undefined, folder), [name.replace('.sql', '')]);
    const left = new Set(await list());
    const anew = files.filter((file) => !left.has(file));
    assert.deepEqual(anew, [], `${name} writes them anew, or takes them away`);
  }
});
