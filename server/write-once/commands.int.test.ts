import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openServerKeys } from '../held-keys.ts';
import { openTestDatabase, type TestDatabase } from '../testing-cluster.ts';
import { startTestS3, type TestS3 } from '../testing-s3.ts';

let source: TestDatabase;
let target: TestDatabase;
let s3: TestS3;
before(async () => {
  source = await openTestDatabase();
  target = await openTestDatabase();
  s3 = await startTestS3({ bucket: 'backups', lock: 'enabled' });
  for (const { database, folder } of [source, target]) await openServerKeys(database, folder, new Date());
  await source.database.query(
    `insert into person (id, number, name, roles, created_at, changed_at)
     values (gen_random_uuid(), '004217', '山田 花子', '{clinician}', now(), now())`,
  );
});
after(async () => {
  await s3.stop();
  await target.close();
  await source.close();
});

/** What the log of the source tells of its backups: whether each lies in the write-once store too. */
const told = async (): Promise<boolean[]> => {
  const rows = await source.database.query<{ writeOnce: boolean }>(
    `select (detail ->> 'writeOnce')::boolean as "writeOnce" from event where kind = 'backup.made' order by seq`,
  );
  return rows.map(({ writeOnce }) => writeOnce);
};

/** Where each backup lies, as the console shows it. */
const noted = (): Promise<
  { stored: string; locked: boolean | null; folder: string; beside: boolean; whole: boolean }[]
> =>
  source.database.query(
    `select stored, locked_until > now() as locked, folder, key_beside is not null as beside,
            bytes > 0 and recipient ~ '^age1' and keep = 14 as whole from backup order by name`,
  );

/** A command as an operator gives it on the server of this database; answers what it said. */
const give = async (on: TestDatabase, program: string, words: readonly string[], changes: NodeJS.ProcessEnv = {}) => {
  const env = {
    KAZASU_DATA: on.folder,
    DATABASE_URL: on.connectionString,
    KAZASU_BACKUP_S3_BUCKET: 'backups',
    KAZASU_BACKUP_S3_ENDPOINT: s3.endpoint,
    KAZASU_BACKUP_S3_DAYS: '30',
    AWS_ACCESS_KEY_ID: s3.key.id,
    AWS_SECRET_ACCESS_KEY: s3.key.secret,
    ...changes,
  };
  const path = fileURLToPath(new URL(`../${program}.ts`, import.meta.url));
  return promisify(execFile)(process.execPath, [path, ...words], { env });
};

test('the commands store a backup for good, say what lies there, and put it back from there', async () => {
  const { stdout: said } = await give(source, 'backup', ['--write-once']);
  assert.match(said, /Stored for good: kazasu-\S+\.age, \d+ KiB, locked until \d{4}-/);
  assert.equal(s3.objects.length, 1);
  assert.deepEqual(await told(), [true]);
  const folder = join(source.folder, 'backups');
  assert.deepEqual(await noted(), [{ stored: 'stored', locked: true, folder, beside: true, whole: true }]);
  const { stdout: listed } = await give(source, 'backup', ['--list']);
  const name = /^(kazasu-\S+\.age), \d+ KiB, locked until /.exec(listed)?.[1] ?? assert.fail(listed);
  const key = join(source.folder, 'backup-key.txt');
  const { stdout: restored } = await give(target, 'restore', [name, '--write-once', '--key', key]);
  assert.match(restored, /has come from backups.*rows of .* are back/s);
  const people = await target.database.query<{ number: string }>('select number from person');
  assert.deepEqual(people, [{ number: '004217' }]);
});

test('what is wrong with the bucket or its settings is told, and no backup of before is hidden by it', async () => {
  await assert.rejects(
    give(source, 'backup', ['--write-once'], { KAZASU_BACKUP_S3_DAYS: '' }),
    /No backup was made: KAZASU_BACKUP_S3_DAYS/,
  );
  await assert.rejects(
    give(source, 'backup', ['--write-once'], { KAZASU_BACKUP_S3_BUCKET: 'another' }),
    /kazasu-\S+\.age was made, and nothing more: there is no bucket another/,
  );
  assert.equal(s3.objects.length, 1);
  assert.deepEqual(await told(), [true, false], 'the log tells of the one that lies here alone');
  assert.deepEqual(
    (await noted()).map(({ stored, locked }) => [stored, locked]),
    [
      ['stored', true],
      ['failed', null],
    ],
  );
});
