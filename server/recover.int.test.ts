import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import type { Role } from '#contract/api/row.ts';
import { findFreePort } from './free-port.ts';
import { createSecrets } from './secrets.ts';
import { createDatabase, type Database } from './store/database.ts';
import { reachEmbedded } from './store/embedded.ts';
import { tryInsertPerson } from './store/people.ts';
import { openTestDatabase } from './testing-cluster.ts';
import { hashToken } from './tokens.ts';

const start = fileURLToPath(new URL('./start.ts', import.meta.url));
const recover = fileURLToPath(new URL('./recover.ts', import.meta.url));
const folders: string[] = [];
const children: ChildProcess[] = [];
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const createFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-recover-'));
  await chmod(folder, 0o711);
  folders.push(folder);
  return join(folder, 'data');
};

const createFolderWithKeys = async (): Promise<string> => {
  const folder = await createFolder();
  createSecrets(folder);
  return folder;
};

type Environment = Record<string, string>;
const environmentOf = (given: Environment) => {
  const { DATABASE_URL: _, KAZASU_DATA: __, ...inherited } = process.env;
  return { ...inherited, KAZASU_LOG: 'warn', ...given };
};

/** A server process until it is ended. */
const launch = async (given: Environment) => {
  const child = spawn(process.execPath, [start], { env: environmentOf(given), stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { origin, authority } = JSON.parse(line.toString('utf8')) as { origin: string; authority: string };
  return {
    open: async (link: string) => {
      const agent = new Agent({ connect: { ca: await readFile(authority, 'utf8') } });
      const code = new URLSearchParams(new URL(link).hash.slice(1)).get('invitation');
      const answer = await fetch(`${origin}/v1/console/invitation`, {
        dispatcher: agent,
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      });
      const body = (await answer.json()) as { person?: { number: string } };
      await agent.destroy();
      return body.person?.number ?? answer.status;
    },
    end: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
};

const run = (given: Environment, ...words: string[]) =>
  new Promise<{ readonly code: number; readonly said: string; readonly link: string }>((resolve) => {
    const env = environmentOf(given);
    execFile(process.execPath, [recover, ...words], { env }, (problem, stdout, stderr) => {
      const said = stdout + stderr;
      resolve({ code: problem ? Number(problem.code) : 0, said, link: /^https:\S+$/m.exec(stdout)?.[0] ?? '' });
    });
  });

const addPerson = async (database: Database, roles: Role[] = ['admin']) => {
  const number = `N${randomUUID().slice(0, 6)}`;
  const person = await tryInsertPerson(database, new Date(), { number, name: '管理 一郎', kana: '', roles });
  assert.ok(person);
  return person;
};
const openEmbedded = async (folder: string) => {
  const embedded = await reachEmbedded(folder);
  const database = createDatabase({ connectionString: embedded.connectionString, report: () => undefined });
  const close = async () => {
    await database.close();
    await embedded.stop();
  };
  return { database, close };
};
const eventsOf = (database: Database, person: string) =>
  database.query<{ kind: string; actor: string | null; detail: object }>(
    'select kind, actor, detail from event where person = $1',
    [person],
  );

test('beside a running server, and with it stopped, makes a link that works once and ends the one before', async () => {
  const folder = await createFolder();
  const given = { KAZASU_DATA: folder, KAZASU_PORT: String(await findFreePort('127.0.0.1')) };
  const server = await launch(given);
  const beside = await openEmbedded(folder);
  const person = await addPerson(beside.database);
  const first = await run(given, person.number);
  assert.equal(first.code, 0, first.said);
  assert.ok(first.link.startsWith(`https://localhost:${given.KAZASU_PORT}/console/#invitation=`), first.said);
  assert.match(first.said, /管理 一郎/);
  assert.equal(await server.open(first.link), person.number);
  assert.deepEqual(await eventsOf(beside.database, person.id), [
    { kind: 'person.recovery-begun', actor: null, detail: { operator: userInfo().username } },
  ]);
  await beside.close();
  await server.end();

  const second = await run({ ...given, KAZASU_ORIGIN: 'https://kazasu.example.org' }, person.number);
  assert.equal(second.code, 0, second.said);
  assert.ok(second.link.startsWith('https://kazasu.example.org/console/#invitation='));
  assert.ok(
    !(await readdir(join(folder, 'postgres/cluster'))).includes('postmaster.pid'),
    'the database is stopped again',
  );
  const again = await launch(given);
  assert.equal(await again.open(first.link), 403);
  assert.equal(await again.open(second.link), person.number);
  await again.end();
});

test('works on the database that it is given, with the keys that belong to it alone', async (t) => {
  const { connectionString, database, close } = await openTestDatabase();
  t.after(close);
  const given = { KAZASU_DATA: await createFolderWithKeys(), DATABASE_URL: connectionString };
  const person = await addPerson(database);
  const made = await run(given, person.number);
  assert.equal(made.code, 0, made.said);
  const code = new URLSearchParams(new URL(made.link).hash.slice(1)).get('invitation') ?? '';
  const invited = await database.query<{ person: string }>('select person from invitation where code_hash = $1', [
    hashToken(code),
  ]);
  assert.deepEqual(invited, [{ person: person.id }]);

  const foreign = await run({ ...given, KAZASU_DATA: await createFolderWithKeys() }, person.number);
  assert.deepEqual([foreign.code, foreign.link], [1, '']);
  assert.match(foreign.said, /keys\.json/);
  const unreachable = await run(
    { ...given, DATABASE_URL: 'postgres://kazasu:canary@127.0.0.1:1/hospital' },
    person.number,
  );
  assert.equal(unreachable.code, 1);
  assert.match(unreachable.said, /the database cannot be used \(ECONNREFUSED\)/);
  assert.doesNotMatch(unreachable.said, /canary/);
});

test('says who gets no link and why, and changes nothing', async (t) => {
  const { connectionString, database, close } = await openTestDatabase();
  t.after(close);
  const given = { KAZASU_DATA: await createFolderWithKeys(), DATABASE_URL: connectionString };
  const clinician = await addPerson(database, ['clinician']);
  const suspended = await addPerson(database);
  await database.query(`update person set state = 'suspended' where id = $1`, [suspended.id]);
  const cases = [
    ['no-such', /nobody has the staff number no-such/],
    [clinician.number, /no role that may use the console: clinician/],
    [suspended.number, /is suspended/],
  ] as const;
  for (const [number, words] of cases) {
    const refused = await run(given, number);
    assert.deepEqual([refused.code, refused.link], [1, '']);
    assert.match(refused.said, words);
  }
  assert.deepEqual(await database.query("select 1 from event where kind = 'person.recovery-begun'"), []);
  assert.deepEqual(await database.query('select 1 from invitation where person is not null'), []);
  for (const words of [[], ['--help'], ['one', 'two']]) {
    const { code, said } = await run(given, ...words);
    assert.equal(code, 2);
    assert.match(said, /node server\/recover\.ts <staff number>/);
  }
  assert.equal((await run({ ...given, KAZASU_PORT: 'many' }, 'x')).code, 2);
});

test('starts and writes nothing in a folder that is no server’s', async () => {
  const folder = await createFolder();
  await mkdir(folder);
  const empty = await run({ KAZASU_DATA: folder }, '000001');
  assert.equal(empty.code, 1);
  assert.match(empty.said, /is not the data folder of a server/);
  assert.deepEqual(await readdir(folder), []);
});

if (process.getuid?.() === 0) {
  test('is run by the user whose folder it is, not even by root', async () => {
    const theirs = await createFolderWithKeys();
    await chown(join(theirs, 'keys.json'), 4321, 4321);
    const { code, said } = await run({ KAZASU_DATA: theirs }, '000001');
    assert.equal(code, 1);
    assert.match(said, /user number 4321/);
    assert.deepEqual(await readdir(theirs), ['keys.json']);
  });
}
