import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '#contract/api/index.ts';
import { openKeys } from '../held-keys.ts';
import { ForeignKeys } from '../store/key-marks.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { drill } from './drill.ts';
import { dump } from './dump.ts';
import { DamagedBackup, readBackup } from './form.ts';
import { RestoreProblem } from './load.ts';
import { makeIdentity, openLines, recipientOf, writeSealed } from './sealed-file.ts';

const nothing = async (): Promise<void> => undefined;

describe('a restore that is practised', () => {
  let server: TestServer;
  let operator: TestConsole;
  let identity: string;
  let folder: string;
  let path: string;
  let scratch: string;

  before(async () => {
    server = await startTestServer();
    operator = await server.signIn(['operator']);
    folder = join(server.folder, 'backups');
    await mkdir(folder);
    scratch = join(server.folder, 'scratch');
    await mkdir(scratch, { mode: 0o711 });
    identity = await makeIdentity();
    const recipient = await recipientOf(identity);
    ({ path } = await writeSealed(dump(server.connectionString, new Date()), {
      folder,
      recipient,
      keep: 3,
      at: new Date(),
    }));
  });
  after(() => server.close());

  const practise = (given: { path?: string; dataFolder?: string; ending?: AbortSignal } = {}) => {
    const { connectionString, folder: dataFolder } = server;
    return drill({
      connectionString,
      dataFolder,
      path,
      identity,
      by: 'tanaka',
      scratch,
      ending: new AbortController().signal,
      ...given,
    });
  };
  const told = async (): Promise<Answer<'backups/list'>['practised']> => {
    const answer = await server.call(operator, 'backups/list', { query: {} });
    assert.equal(answer.status, 200);
    return (answer.body as Answer<'backups/list'>).practised;
  };
  const events = () =>
    server.database.query<{ outcome: string; reason: string | null; detail: Record<string, unknown> }>(
      `select outcome, reason, detail from event where kind = 'restore.practised' order by seq`,
    );
  const remains = (): Promise<readonly string[]> => readdir(scratch);

  it('is in the log with who did it, when, with which backup and how it went; the server goes on as it was', async () => {
    assert.equal(await told(), null);
    const before = await server.database.query('select number, id from server_incarnation order by number');
    const since = Date.now();
    const { rows, of } = await practise();
    const whole = await readBackup(openLines(path, identity), { head: nothing, rows: nothing });
    assert.equal(rows, whole.rows);
    const [event, ...others] = await events();
    assert.deepEqual(others, []);
    assert.deepEqual(event, {
      outcome: 'success',
      reason: null,
      detail: { backup: basename(path), by: 'tanaka', host: hostname(), of, rows },
    });
    const last = await told();
    assert.deepEqual({ ...last, at: '' }, { at: '', backup: basename(path), of, by: 'tanaka', failed: null });
    assert.ok(Date.parse(last?.at ?? '') >= since);
    assert.deepEqual(await server.database.query('select number, id from server_incarnation order by number'), before);
    assert.deepEqual(await server.database.query(`select from event where kind = 'server.restored'`), []);
    assert.deepEqual(await remains(), []);
  });

  it('fails aloud where the file is damaged, and the log has that too', async () => {
    const damaged = join(folder, 'damaged.age');
    const bytes = await readFile(path);
    await writeFile(damaged, bytes.subarray(0, bytes.length - 100));
    await assert.rejects(practise({ path: damaged }), DamagedBackup);
    const last = await told();
    assert.deepEqual({ ...last, at: '' }, { at: '', backup: 'damaged.age', of: null, by: 'tanaka', failed: 'damaged' });
    assert.deepEqual((await events()).at(-1)?.outcome, 'serious');
  });

  it('that somebody gives up leaves no copy of the hospital behind, and is in the log', async () => {
    const ending = new AbortController();
    const practised = practise({ ending: ending.signal });
    while ((await remains()).length === 0) await delay(20);
    ending.abort();
    await assert.rejects(practised);
    assert.deepEqual(await remains(), []);
    const last = (await events()).at(-1);
    assert.deepEqual([last?.outcome, last?.reason], ['serious', 'restore-failed']);
  });

  it('fails where the keys are of another server, or not there: nothing would be opened by them', async () => {
    const elsewhere = join(server.folder, 'elsewhere');
    await mkdir(elsewhere);
    await assert.rejects(practise({ dataFolder: elsewhere }), RestoreProblem);
    assert.equal((await told())?.failed, 'restore-failed');
    await openKeys(elsewhere, new Date());
    await assert.rejects(practise({ dataFolder: elsewhere }), ForeignKeys);
    assert.equal((await told())?.failed, 'keys-foreign');
    assert.deepEqual(await remains(), []);
  });
});
