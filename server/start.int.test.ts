import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import { findFreePort } from './free-port.ts';
import { openTestDatabase } from './testing-cluster.ts';

const entry = fileURLToPath(new URL('./start.ts', import.meta.url));
const folders: string[] = [];
const children: ChildProcess[] = [];
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const createFolder = async (mode = 0o711): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'kazasu-start-'));
  await chmod(folder, mode);
  folders.push(folder);
  return join(folder, 'data');
};

interface Ready {
  readonly ready: true;
  readonly origin: string;
  readonly authority: string;
  readonly firstAdmin: string | null;
  readonly firstTerminal: { readonly name: string; readonly code: string } | null;
}

/** A server process as an operator starts it. */
const launch = (environment: Record<string, string>) => {
  const { KAZASU_PORT: _, DATABASE_URL: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry], {
    env: { ...inherited, KAZASU_PORT: '0', KAZASU_LOG: 'warn', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  let stdout = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      if (stdout.includes('\n')) resolve(JSON.parse(stdout) as Ready);
    });
    child.once('exit', () => reject(new Error(`it ended: ${said}`)));
  });
  ready.catch(() => undefined);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    ready,
    said: () => said,
    exited,
    end: async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
};

const askHealth = async ({ origin, authority }: Ready): Promise<number> => {
  const agent = new Agent({ connect: { ca: await readFile(authority, 'utf8') } });
  const answer = await fetch(`${origin}/v1/health`, { dispatcher: agent });
  await agent.destroy();
  return answer.status;
};

const postmasterOf = async (data: string): Promise<number> =>
  Number((await readFile(join(data, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
/** PostgreSQL counts as stopped once its file is away, and ends a moment later. */
const ended = async (pid: number): Promise<void> => {
  const deadline = Date.now() + 5000;
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadline, 'the database is still there');
    await wait(20);
  }
};

test('starts, invites the first admin, stops in order and starts again with what it had', async () => {
  const data = await createFolder();
  const first = launch({ KAZASU_DATA: data });
  const ready = await first.ready;
  assert.match(ready.firstAdmin ?? '', /^https:\/\/localhost:\d+\/console\/#invitation=[\w-]{43}$/);
  assert.equal(ready.firstTerminal, null, 'nobody asked for one');
  assert.equal(await askHealth(ready), 200);
  const postmaster = await postmasterOf(data);
  assert.equal(await first.end(), 0, first.said());
  await ended(postmaster);
  for (const name of ['keys.json', 'postgres.password', 'server.json']) {
    assert.equal((await stat(join(data, name))).mode & 0o077, 0, `${name} is for its owner alone`);
  }
  const authority = await readFile(ready.authority, 'utf8');
  const second = launch({ KAZASU_DATA: data, KAZASU_FIRST_TERMINAL: 'desk' });
  const again = await second.ready;
  assert.equal(again.firstTerminal?.name, 'desk');
  assert.match(again.firstTerminal?.code ?? '', /^(?:[0-9A-Z]{5}-){4}[0-9A-Z]{6}$/);
  assert.ok(!second.said().includes(again.firstTerminal?.code ?? ''), 'it is not logged');
  assert.equal(await readFile(again.authority, 'utf8'), authority);
  assert.notEqual(again.firstAdmin?.split('#')[1], ready.firstAdmin?.split('#')[1]);
  assert.equal(await second.end('SIGINT'), 0, second.said());
});

test('comes back after it was killed, and after its database was killed with it', async () => {
  const data = await createFolder();
  const first = launch({ KAZASU_DATA: data });
  await first.ready;
  await first.end('SIGKILL');
  const left = await postmasterOf(data);
  assert.ok(isAlive(left), 'the database outlives the server');

  const second = launch({ KAZASU_DATA: data });
  assert.equal(await askHealth(await second.ready), 200);
  assert.equal(await postmasterOf(data), left, 'and is taken over');
  await second.end('SIGKILL');
  process.kill(left, 'SIGKILL');

  const third = launch({ KAZASU_DATA: data });
  assert.equal(await askHealth(await third.ready), 200);
  const last = await postmasterOf(data);
  assert.equal(await third.end(), 0, third.said());
  await ended(last);
});

test('goes on by itself when its database is killed under it', async () => {
  const data = await createFolder();
  const server = launch({ KAZASU_DATA: data });
  const ready = await server.ready;
  const killed = await postmasterOf(data);
  process.kill(killed, 'SIGKILL');
  const deadline = Date.now() + 20_000;
  let status = 0;
  while (status !== 200 || (await postmasterOf(data).catch(() => killed)) === killed) {
    assert.ok(Date.now() < deadline, `it did not come back: ${server.said()}`);
    status = await askHealth(ready);
  }
  while (!/the database is there again/.test(server.said())) {
    assert.ok(Date.now() < deadline, `it did not say so: ${server.said()}`);
    await askHealth(ready);
  }
  const last = await postmasterOf(data);
  assert.equal(await server.end(), 0, server.said());
  assert.equal(isAlive(last), false);
});

test('two servers do not share one data folder', async () => {
  const data = await createFolder();
  const first = launch({ KAZASU_DATA: data });
  const ready = await first.ready;
  const second = launch({ KAZASU_DATA: data });
  await assert.rejects(second.ready);
  assert.match(second.said(), /another server is running on the data folder/);
  assert.equal(await askHealth(ready), 200);
  await first.end();
});

test('says which port is taken and how to choose another, and leaves nothing running', async () => {
  const port = await findFreePort('127.0.0.1');
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const data = await createFolder();
  const server = launch({ KAZASU_DATA: data, KAZASU_PORT: String(port) });
  const [code] = await server.exited;
  other.close();
  assert.equal(code, 1);
  assert.match(server.said(), new RegExp(`port ${port} on 127.0.0.1 is taken.*KAZASU_PORT=`));
  assert.ok(!(await readdir(join(data, 'postgres/cluster'))).includes('postmaster.pid'));
});

test('names everything that is wrong with its settings at once, and repeats no value', async () => {
  const server = launch({ KAZASU_PORT: '99999', KAZASU_LOG: 'loud', DATABASE_URL: 'mysql://root:canary@h/d' });
  const [code] = await server.exited;
  assert.equal(code, 2);
  for (const name of ['KAZASU_PORT', 'KAZASU_LOG', 'DATABASE_URL']) assert.match(server.said(), new RegExp(name));
  assert.doesNotMatch(server.said(), /canary/);
});

test('says which database cannot be reached, without its password', async () => {
  const port = await findFreePort('127.0.0.1');
  const url = `postgres://kazasu:canary@127.0.0.1:${port}/hospital`;
  const server = launch({ KAZASU_DATA: await createFolder(), DATABASE_URL: url });
  assert.equal((await server.exited)[0], 1);
  assert.match(server.said(), new RegExp(`the database 127.0.0.1:${port}/hospital cannot be used \\(ECONNREFUSED\\)`));
  assert.doesNotMatch(server.said(), /canary/);
});

test('does not serve what a restore was cut short in', async () => {
  const given = await openTestDatabase();
  await given.database.query('create schema before_restore');
  const server = launch({ KAZASU_DATA: await createFolder(), DATABASE_URL: given.connectionString });
  assert.equal((await server.exited)[0], 1);
  assert.match(server.said(), /a restore into this database was cut short.*--give-up/);
  await given.close();
});

test('ends with its parent', async () => {
  const server = launch({ KAZASU_DATA: await createFolder(), KAZASU_PARENT: '1' });
  await server.ready;
  server.child.stdin?.end();
  assert.deepEqual(await server.exited, [0, null]);
});

test('uses the database that it is given, also together with another server', async (t) => {
  const given = await openTestDatabase();
  t.after(given.close);
  const [first, second, stranger] = [await createFolder(), await createFolder(), await createFolder()];
  const launchOn = (data: string) => launch({ KAZASU_DATA: data, DATABASE_URL: given.connectionString });
  const one = launchOn(first);
  assert.equal(await askHealth(await one.ready), 200);
  await assert.rejects(launchOn(stranger).ready, /keys\.json/, 'with other keys it could read no card');
  await mkdir(second);
  for (const name of ['keys.json', 'ca']) await cp(join(first, name), join(second, name), { recursive: true });
  const two = launchOn(second);
  assert.equal(await askHealth(await two.ready), 200);
  const started = await given.database.query("select 1 from event where kind = 'server.started'");
  assert.equal(started.length, 2);
  assert.deepEqual([await one.end(), await two.end()], [0, 0]);
  const stopped = await given.database.query("select 1 from event where kind = 'server.stopped'");
  assert.equal(stopped.length, 2);
});

if (process.getuid?.() === 0) {
  test('as root it also starts in a folder that the database’s user cannot reach', async () => {
    const data = await createFolder(0o700);
    const server = launch({ KAZASU_DATA: data });
    assert.equal(await askHealth(await server.ready), 200);
    assert.equal(await server.end(), 0, server.said());
    const elsewhere = join('/var/lib/kazasu', (await readFile(join(data, 'postgres-elsewhere'), 'utf8')).trim());
    const again = launch({ KAZASU_DATA: data });
    await again.ready;
    await rm(data, { recursive: true });
    await again.end('SIGKILL');

    const other = launch({ KAZASU_DATA: await createFolder(0o700) });
    await other.ready;
    await assert.rejects(stat(elsewhere), { code: 'ENOENT' }, 'what the lost folder left behind is gone');
    await other.end();
  });
}
