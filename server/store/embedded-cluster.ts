import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { writeWholeFile } from '../whole-file.ts';
import type { Home } from './embedded-home.ts';

/** While a killed initdb still writes there, a folder may fill again as it is emptied. */
const discard = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 } as const;

export class EmbeddedDatabaseProblem extends Error {}

const run = (home: Home, program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...home.user, cwd: home.folder, stdio: ['ignore', 'pipe', 'pipe'], env: {} });
    let said = '';
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new EmbeddedDatabaseProblem(`${program} ended with ${code}: ${said}`));
    });
  });

/** The password of the database, made at the first start. */
export const readPassword = async (path: string): Promise<string> => {
  const known = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (known !== '') return known;
  const password = randomBytes(24).toString('base64url');
  writeWholeFile(path, `${password}\n`);
  return password;
};

/**
 * Made aside and renamed: a cluster that is there is complete. Aside has a name of its own each time: the initdb of a
 * server that was killed may still run, and removes what it made when something disturbs it.
 */
export const createCluster = async (home: Home, cluster: string, password: string): Promise<void> => {
  const mark = randomBytes(6).toString('hex');
  const aside = `${cluster}.new-${mark}`;
  const passwordFile = join(home.folder, `first-password-${mark}`);
  for (const name of await readdir(home.folder)) {
    if (/^(cluster\.new|first-password)/.test(name)) await rm(join(home.folder, name), discard);
  }
  await mkdir(aside, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.user !== undefined) {
    await chown(aside, home.user.uid, home.user.gid);
    await chown(passwordFile, home.user.uid, home.user.gid);
  }
  try {
    await run(home, home.programs.initdb, [
      `--pgdata=${aside}`,
      '--username=kazasu',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(aside, cluster).catch(async (problem: unknown) => {
    await rm(aside, discard);
    // Another server on this folder was quicker; who of the two runs it is decided later, by a lock.
    if (!(await hasCluster(cluster))) throw problem;
  });
};

const connect = async (port: number, password: string, database: string): Promise<pg.Client> => {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'kazasu',
    password,
    database,
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** What a running or killed PostgreSQL wrote about itself: process id in line 1, port in line 4. */
const readPostmaster = async (cluster: string): Promise<{ pid: number; port: number } | undefined> => {
  const lines = await readFile(join(cluster, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port } : undefined;
};

/** True unless the system says that this process id now belongs to another program. */
const mayBePostgres = async (pid: number): Promise<boolean> =>
  isAlive(pid) &&
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (line) => line.includes('postgres'),
    () => true,
  ));

export const stopCluster = async (home: Home, cluster: string, how: 'fast' | 'immediate'): Promise<void> => {
  await run(home, home.programs.pg_ctl, ['stop', '-D', cluster, '-m', how, '-w', '-t', '20']);
};

/** Takes over a PostgreSQL that a killed server left running; ends one that does not answer. */
export const adopt = async (home: Home, cluster: string, password: string): Promise<pg.Client | undefined> => {
  const left = await readPostmaster(cluster);
  if (left === undefined) return undefined;
  if (!(await mayBePostgres(left.pid))) {
    await rm(join(cluster, 'postmaster.pid'), { force: true });
    return undefined;
  }
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      return await connect(left.port, password, 'postgres');
    } catch (problem) {
      // 57P03: it is starting up, shutting down or recovering.
      if ((problem as { code?: string }).code !== '57P03' || !isAlive(left.pid)) break;
      await wait(250);
    }
  }
  await stopCluster(home, cluster, 'immediate').catch(() => undefined);
  return undefined;
};

/** A connection to the PostgreSQL that runs here, whoever owns it; undefined when none answers. Ends nothing. */
export const tryReach = async (cluster: string, password: string): Promise<pg.Client | undefined> => {
  const running = await readPostmaster(cluster);
  if (running === undefined || !(await mayBePostgres(running.pid))) return undefined;
  return connect(running.port, password, 'kazasu').catch(() => undefined);
};

/** The name of a socket has room for so many bytes (sun_path), and `/.s.PGSQL.65535` comes after the folder. */
const longestFolder = 103 - '/.s.PGSQL.65535'.length;
/** Whether the system has sockets with a name in a folder, this one is short enough for it, and PostgreSQL takes it for one. */
const mayHaveSocket = ({ folder }: Home): boolean =>
  platform() !== 'win32' && Buffer.byteLength(folder) <= longestFolder && !folder.includes(',');

/** A file system may hold no sockets: then there is none. */
const canHoldSocket = async ({ folder }: Home): Promise<boolean> => {
  const path = join(folder, `.socket-${process.pid}`);
  await rm(path, { force: true });
  const tried = createServer();
  try {
    tried.listen(path);
    await once(tried, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    tried.close();
  }
};

/** `changes` are settings that are to be others than usual. */
export const launch = async (
  home: Home,
  cluster: string,
  password: string,
  port: number,
  changes: Readonly<Record<string, string | number>> = {},
): Promise<pg.Client> => {
  const log = await open(join(home.folder, 'postgres.log'), 'w', 0o600);
  const hasSocket = mayHaveSocket(home) && (await canHoldSocket(home));
  // What a killed one left would be taken for that of a program that has its number now.
  for (const left of [`.s.PGSQL.${port}`, `.s.PGSQL.${port}.lock`]) await rm(join(home.folder, left), { force: true });
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: hasSocket ? home.folder : '',
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: 50,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_statement: 'none',
    // Errors of statements repeat values; the server logs them in its own words.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: 0,
    ...changes,
  };
  // Its own session: Ctrl-C in the terminal reaches the server alone, which then stops it in order.
  const child: ChildProcess = spawn(
    home.programs.postgres,
    ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...home.user, cwd: home.folder, detached: true, stdio: ['ignore', log.fd, log.fd], env: { LC_MESSAGES: 'C' } },
  );
  await log.close();
  child.unref();
  let ended: string | undefined;
  child.on('error', (problem) => {
    ended = problem.message;
  });
  child.on('exit', (code, signal) => {
    ended = `ended with ${code ?? signal}`;
  });
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      return await connect(port, password, 'postgres');
    } catch (problem) {
      if ((problem as { code?: string }).code === '28P01') {
        child.kill('SIGINT');
        throw new EmbeddedDatabaseProblem('postgres.password in the data folder is not the password of its database');
      }
      if (ended !== undefined || Date.now() > until) {
        const said = await readFile(join(home.folder, 'postgres.log'), 'utf8').catch(() => '');
        throw new EmbeddedDatabaseProblem(`PostgreSQL did not start: ${ended ?? problem}\n${said.slice(-2000)}`);
      }
      await wait(30);
    }
  }
};

export const hasCluster = (cluster: string): Promise<boolean> =>
  stat(join(cluster, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
