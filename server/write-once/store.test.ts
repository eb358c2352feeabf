import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SettingsProblem } from '../backup/reach.ts';
import { startTestS3, type TestS3, type TestS3Options } from '../testing-s3.ts';
import { WriteOnceProblem } from './problems.ts';
import { readWriteOnceSettings, type WriteOnceSettings } from './settings.ts';
import { openWriteOnceStore, type WriteOnceStore } from './store.ts';

const bucket = 'backups';
const names = ['kazasu-20261129T060000000Z.age', 'kazasu-20261130T060000000Z.age'] as const;
const day = 24 * 3_600_000;

let folder: string;
let s3: TestS3;
const stores: WriteOnceStore[] = [];
const clients: S3Client[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kazasu-write-once-'));
  for (const name of names) await writeFile(join(folder, name), randomBytes(200_000));
});
after(() => rm(folder, { recursive: true }));
beforeEach(() => begin({ lock: 'enabled' }));
afterEach(() => end());

const end = async (): Promise<void> => {
  for (const one of [...stores.splice(0)]) one.close();
  for (const one of clients.splice(0)) one.destroy();
  await s3.stop();
};
const credentials = (id: string, secret: string) => ({
  credentials: { accessKeyId: id, secretAccessKey: secret },
});
const begin = async (options: Omit<TestS3Options, 'bucket'>): Promise<void> => {
  s3 = await startTestS3({ bucket, ...options });
};
const beginAnew = async (options: Omit<TestS3Options, 'bucket'>): Promise<void> => {
  await end();
  await begin(options);
};
const open = (changes: Partial<WriteOnceSettings> = {}): WriteOnceStore => {
  const store = openWriteOnceStore({
    bucket,
    endpoint: s3.endpoint,
    region: 'us-east-1',
    prefix: 'ward/',
    days: 30,
    mode: 'COMPLIANCE',
    ...credentials(s3.key.id, s3.key.secret),
    ...changes,
  });
  stores.push(store);
  return store;
};
/** Somebody who has the key too. */
const thief = (): S3Client => {
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    ...credentials(s3.key.id, s3.key.secret),
  });
  clients.push(client);
  return client;
};
const put = (name: string, store = open()) => store.put(join(folder, name), new Date());
const refusal = (text: RegExp) => (problem: unknown) =>
  problem instanceof WriteOnceProblem && text.test(problem.message);

describe('a backup in a bucket with Object Lock', () => {
  test('lies there as it was sent, locked for the days that were asked for, and comes back so', async () => {
    const stored = await put(names[0]);
    const until = stored.lockedUntil?.getTime() ?? 0;
    assert.ok(Math.abs(until - Date.now() - 30 * day) < 60_000);
    assert.equal(s3.objects[0]?.mode, 'COMPLIANCE');
    const back = join(folder, 'back');
    await open().fetch(names[0], back);
    assert.deepEqual(await readFile(back), await readFile(join(folder, names[0])));
    await rm(back);
  });

  test('is listed with the others, the newest first', async () => {
    for (const name of names) await put(name);
    s3.objects.push({ ...(s3.objects[0] ?? assert.fail()), key: 'ward/something-else', version: 'x' });
    const listed = await open().list();
    assert.deepEqual(
      listed.map(({ name, bytes, covered }) => [name, bytes, covered]),
      names.toReversed().map((name) => [name, 200_000, false]),
    );
    assert.ok(listed.every(({ lockedUntil }) => (lockedUntil?.getTime() ?? 0) > Date.now()));
  });

  test('cannot be deleted, and who covers it by a mark or by something else hides nothing', async () => {
    const { version } = await put(names[0]);
    const Key = `ward/${names[0]}`;
    await assert.rejects(
      thief().send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId: version })),
      /AccessDenied/,
    );
    await thief().send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await thief().send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'nothing' }));
    assert.equal(s3.objects.length, 2);
    const [listed] = await open().list();
    assert.deepEqual([listed?.version, listed?.covered], [version, true]);
    const back = join(folder, 'back');
    await open().fetch(names[0], back);
    assert.deepEqual(await readFile(back), await readFile(join(folder, names[0])));
    await rm(back);
  });

  test('that was changed where it lies is not taken back', async () => {
    await put(names[0]);
    const lying = s3.objects[0] ?? assert.fail();
    lying.bytes = Buffer.from(lying.bytes);
    lying.bytes.writeUInt8(lying.bytes.readUInt8(99) ^ 1, 99);
    const back = join(folder, 'back');
    await assert.rejects(open().fetch(names[0], back), refusal(/otherwise than it was sent/));
    await assert.rejects(readFile(back), { code: 'ENOENT' });
    await assert.rejects(open().fetch(names[1], back), refusal(/there is no kazasu-20261130/));
  });

  test('takes no other’s place', async () => {
    await put(names[0]);
    await assert.rejects(put(names[0]), refusal(/lies there already/));
    assert.equal(s3.objects.length, 1);
  });
});

describe('a bucket is refused, with the reason', () => {
  test('that has no Object Lock: nothing is sent to it', async () => {
    await beginAnew({ lock: 'none' });
    await assert.rejects(put(names[0]), refusal(/no Object Lock/));
    assert.equal(s3.objects.length, 0);
  });

  test('that takes a retention and keeps none', async () => {
    await beginAnew({ lock: 'enabled', forgetsRetention: true });
    await assert.rejects(put(names[0]), refusal(/is not locked until/));
  });

  test('that is not there, does not know the key, or cannot be reached', async () => {
    await assert.rejects(put(names[0], open({ bucket: 'another' })), refusal(/no bucket another/));
    await assert.rejects(put(names[0], open(credentials(s3.key.id, 'wrong'))), refusal(/AWS_SECRET_ACCESS_KEY/));
    const stranger = credentials('SOMEBODY', s3.key.secret);
    await assert.rejects(put(names[0], open(stranger)), refusal(/AWS_ACCESS_KEY_ID is not known/));
    await assert.rejects(put(names[0], open({ endpoint: 'http://127.0.0.1:9' })), refusal(/127\.0\.0\.1:9/));
  });
});

describe('settings of the write-once target', () => {
  const given = { KAZASU_BACKUP_S3_BUCKET: bucket, KAZASU_BACKUP_S3_DAYS: '400' };

  test('are compliance by Amazon’s own where nothing else is said', () => {
    assert.deepEqual(readWriteOnceSettings(given), {
      bucket,
      endpoint: undefined,
      region: 'us-east-1',
      prefix: '',
      days: 400,
      mode: 'COMPLIANCE',
      credentials: undefined,
    });
    const own = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: 'secret' };
    const { credentials: read } = readWriteOnceSettings({ ...given, ...own });
    assert.deepEqual(read, { accessKeyId: 'KEY', secretAccessKey: 'secret' });
  });

  test('that are missing, or would send a backup in the clear to another machine, are named', () => {
    for (const [changes, text] of [
      [{ KAZASU_BACKUP_S3_BUCKET: '' }, /KAZASU_BACKUP_S3_BUCKET/],
      [{ KAZASU_BACKUP_S3_DAYS: '0' }, /KAZASU_BACKUP_S3_DAYS/],
      [{ KAZASU_BACKUP_S3_MODE: 'NONE' }, /KAZASU_BACKUP_S3_MODE/],
      [{ KAZASU_BACKUP_S3_PREFIX: 'a' }, /KAZASU_BACKUP_S3_PREFIX/],
      [{ KAZASU_BACKUP_S3_ENDPOINT: 'http://store.example' }, /https:/],
    ] as const)
      assert.throws(
        () => readWriteOnceSettings({ ...given, ...changes }),
        (problem: unknown) => problem instanceof SettingsProblem && text.test(problem.message),
      );
  });
});
