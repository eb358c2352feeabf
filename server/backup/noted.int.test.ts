import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BackupGeneration } from '#contract/api/backups.ts';
import type { Answer } from '#contract/api/index.ts';
import type { NotedGeneration } from '../store/backups.ts';
import { record } from '../store/events.ts';
import { startTestServer, type TestConsole, type TestServer } from '../testing.ts';
import { noteBackup } from './note.ts';

let server: TestServer;
let operator: TestConsole;
before(async () => {
  server = await startTestServer();
  operator = await server.signIn(['operator']);
});
after(() => server.close());

const day = 24 * 3_600_000;
const nameOf = (number: number): string => `kazasu-2026110${number}T020000000Z.age`;
/** The backup of that number, and by number what lay in its folder afterwards and what it took the place of. */
const note = (
  number: number,
  held: readonly number[],
  removed: readonly number[],
  more: Partial<NotedGeneration> = {},
) =>
  noteBackup(server.connectionString, {
    name: nameOf(number),
    folder: '/mnt/backups',
    host: 'kazasu-1',
    bytes: number * 1000,
    recipient: 'age1abc',
    keep: 3,
    keyBeside: null,
    stored: 'not-asked',
    lockedUntil: null,
    held: held.map(nameOf),
    removed: removed.map(nameOf),
    tables: 60,
    rows: 100 + number,
    ...more,
  });
const list = async (query: Readonly<Record<string, string>> = {}): Promise<Answer<'backups/list'>> => {
  const answer = await server.call(operator, 'backups/list', { query });
  assert.equal(answer.status, 200);
  return answer.body as Answer<'backups/list'>;
};
const states = ({ backups }: Answer<'backups/list'>): readonly string[] =>
  backups.map(({ name, state, goneBy }) => `${name?.[14] ?? '?'} ${goneBy ?? state}`);

test('without a backup that is what is wrong, and the command is there', async () => {
  const { backups, newest, problems } = await list();
  assert.deepEqual([backups, newest], [[], null]);
  assert.deepEqual(problems, [
    { kind: 'none', tone: 'bad', at: null, command: 'npm run backup -- --to /mnt/backups --keep 14' },
  ]);
});

test('of a backup that a server of before made there is the time alone', async () => {
  await server.database.transaction((tx) =>
    record(tx, new Date(server.now().getTime() - 9 * day), {
      kind: 'backup.made',
      outcome: 'success',
      detail: { tables: 1, rows: 2, writeOnce: true },
    }),
  );
  const { backups, problems } = await list();
  const [{ name, state, stored, rows } = {} as BackupGeneration] = backups;
  assert.deepEqual([name, state, stored, rows], [null, 'unknown', 'stored', 2]);
  assert.deepEqual(
    problems.map(({ kind }) => kind),
    ['old'],
  );
});

test('each backup tells where it lies, which goes next, and which went', async () => {
  await note(1, [1], []);
  await note(2, [1, 2], []);
  assert.deepEqual(states(await list()), ['2 kept', '1 kept', '? unknown']);
  await note(3, [1, 2, 3], []);
  const third = await list();
  assert.deepEqual(states(third), ['3 kept', '2 kept', '1 next', '? unknown']);
  assert.deepEqual(third.goesNext, [nameOf(1)]);
  await note(4, [2, 3, 4], [1]);
  const fourth = await list();
  assert.deepEqual(states(fourth), ['4 kept', '3 kept', '2 next', '1 retention', '? unknown']);
  assert.deepEqual([fourth.kept, fourth.total, fourth.newest?.bytes, fourth.newest?.rows], [3, 5, 4000, 104]);
  assert.deepEqual(
    fourth.problems.map(({ kind }) => kind),
    ['store-none'],
  );
});

test('a folder of that name on another machine is another one, and so is another folder', async () => {
  await note(5, [5], [], { host: 'kazasu-2', keep: 14 });
  await note(6, [6], [], { folder: '/mnt/elsewhere' });
  assert.deepEqual(states(await list()).slice(0, 4), ['6 kept', '5 kept', '4 kept', '3 kept']);
});

test('one that is missing without another in its place is told of', async () => {
  await note(7, [3, 7], []);
  const { problems } = await list();
  assert.deepEqual(states(await list({ state: 'gone' })), ['4 somebody', '2 somebody', '1 retention']);
  assert.deepEqual(problems[0]?.kind, 'removed-by-somebody');
});

test('one that is locked in the write-once store stays there when it goes from its folder, until the lock ends', async () => {
  const lockedUntil = new Date(server.now().getTime() + 30 * day);
  await note(8, [8], [3, 7], { stored: 'stored', lockedUntil, keep: 1 });
  assert.deepEqual((await list()).goesNext, [nameOf(8)]);
  await note(9, [9], [8], { stored: 'failed', keep: 1, keyBeside: '/data/backup-key.txt' });
  const nineth = await list({ search: nameOf(8) });
  assert.deepEqual(
    nineth.backups.map(({ state, lockedUntil: until }) => [state, until]),
    [['write-once', lockedUntil.toISOString()]],
  );
  assert.equal(nineth.locked, 1);
  assert.deepEqual(
    nineth.problems.map(({ kind, command }) => [kind, command.slice(-12)]),
    [
      ['store-failed', '--write-once'],
      ['removed-by-somebody', '--write-once'],
      ['key-beside', ' /media/usb/'],
    ],
  );
});

test('the last restore is told of, with the time that it went back to and who did it', async () => {
  assert.equal((await list()).restored, null);
  const [at, of] = [server.now(), '2026-11-01T02:00:00.000Z'];
  await server.database.transaction((tx) =>
    record(tx, at, { kind: 'server.restored', outcome: 'serious', detail: { of, by: 'root' } }),
  );
  assert.deepEqual((await list()).restored, { at: at.toISOString(), of, by: 'root' });
});

test('neither a clinician nor the helpdesk sees them', async () => {
  const helpdesk = await server.signIn(['helpdesk']);
  assert.equal((await server.call(helpdesk, 'backups/list')).code, 'CONSOLE_ROLE_MISSING');
});
