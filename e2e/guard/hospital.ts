import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeysShown } from '#contract/api/keys.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient, totp } from '../client.ts';
import { freePort, until } from '../world.ts';
import { createWard, type Ward } from './ward.ts';

/** Two server processes on one data folder and database, and two guards with screens and readers; no windows. */
export interface Hospital {
  readonly folder: string;
  readonly first: ServerHouse;
  readonly second: ServerHouse;
  admin: ConsoleClient;
  /** A terminal of the first process, always on. */
  readonly ward: Ward;
  /** A terminal of the second, enrolled and then off. */
  readonly away: Ward;
  /** Gives a key command as an operator does; `killAt` ends it as soon as it has said this. */
  command(words: readonly string[], killAt?: RegExp): Promise<Commanded>;
  mustDo(...words: string[]): Promise<string>;
  /** Gives another command of the server, such as `backup`, as an operator does; answers what it said. */
  operate(program: 'backup' | 'restore', ...words: string[]): Promise<string>;
  shown(): Promise<KeysShown>;
  announce(name: string): Promise<string>;
  /** Signs the admin in anew, over a connection that trusts what the server's folder says at this moment. */
  signIn(): Promise<void>;
  /** Ends both processes and starts the first again when it is told to: then that one alone is there. */
  stopServers(): Promise<void>;
  startFirst(): Promise<void>;
  stop(): Promise<void>;
}

/** Has every `Date` of a process of Node show another time, so many days away from the true one. */
const shiftClock = (days: number): NodeJS.ProcessEnv => {
  const code = `const away=${days * 86_400_000},True=Date;globalThis.Date=class extends True{constructor(...a){super(...(a.length?a:[True.now()+away]))}static now(){return True.now()+away}};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
};

/** The first process brings the embedded database along; its clock may be days off. */
const startFirst = (folder: string, port: number, days = 0): Promise<ServerHouse> =>
  startServer({ folder: join(folder, 'server'), port, env: days === 0 ? {} : shiftClock(days) });

/** Another process on the same folder and, by its address, the same database. */
const startSecond = (folder: string, port: number): Promise<ServerHouse> => {
  const data = join(folder, 'server');
  const [, , , postgres] = readFileSync(join(data, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  const password = readFileSync(join(data, 'postgres.password'), 'utf8').trim();
  const env = { KAZASU_DATA: data, DATABASE_URL: `postgres://kazasu:${password}@127.0.0.1:${postgres}/kazasu` };
  return startServer({ folder: join(folder, 'second'), port, env });
};

export interface Commanded {
  readonly code: number | null;
  readonly said: string;
}

const command = (
  folder: string,
  [program, ...words]: readonly [string, ...string[]],
  killAt?: RegExp,
): Promise<Commanded> =>
  new Promise((resolve, reject) => {
    const child = spawn(node, [join(root, 'server', `${program}.ts`), ...words], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        KAZASU_DATA: join(folder, 'server'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      if (killAt?.test(said)) child.kill('SIGKILL');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });

const mustOperate = async (folder: string, words: readonly [string, ...string[]]): Promise<string> => {
  const { code, said } = await command(folder, words);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${said}`);
  return said;
};

/** Lets an hour pass since each key was put in use. */
export const age = (folder: string): void => {
  const path = join(folder, 'server', 'keys.json');
  const text = readFileSync(path, 'utf8');
  const hour = (at: string): string => new Date(Date.parse(at) - 3_600_000).toISOString();
  writeFileSync(
    path,
    text.replaceAll(/(?<="usedFrom":")[^"]+/g, (at) => hour(at)),
    { mode: 0o600 },
  );
};

/** Everything as it was left so many days ago, when both terminals were enrolled and a person at one of them; served again now. */
export async function openHospital(daysAgo = 0): Promise<Hospital> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-hospital-'));
  // PostgreSQL runs as another user when this is root.
  chmodSync(folder, 0o711);
  const stops = createStops();
  if (process.env['KAZASU_KEEP'] === undefined) stops.add(() => rmSync(folder, { recursive: true, force: true }));
  else process.stderr.write(`${folder}\n`);
  try {
    const port = await freePort();
    const keyring = await openKeyring({ folder: join(folder, 'keyring'), own: true });
    stops.add(keyring.stop);
    let first = await startFirst(folder, port);
    stops.add(() => first.stop());
    let admin = createClient(first.origin, first.authority);
    stops.add(() => admin.close());
    const secrets = await becomeFirstAdmin(admin, first.firstAdmin() ?? '');
    const { person } = await admin.do('people/add', {
      body: { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician'] },
    });
    const announce = async (name: string): Promise<string> =>
      (await admin.do('terminals/announce', { body: { name, place: '3階東病棟' } })).code;
    const restartFirst = async (days: number): Promise<void> => {
      await first.stop();
      first = await startFirst(folder, port, days);
    };
    if (daysAgo > 0) await restartFirst(-daysAgo);
    let second = first;
    const ward = await createWard({ folder, name: 'ward', server: () => first, keyring, stops });
    const away = await createWard({ folder, name: 'away', server: () => second, keyring, stops });
    await ward.start(await announce('ward'));
    await away.start(await announce('away'));
    await away.screen().shows('ready', 15_000);
    await away.stop();
    await ward.enrol(admin, person);
    if (daysAgo > 0) await restartFirst(0);
    second = await startSecond(folder, await freePort());
    stops.add(() => second.stop());

    const hospital: Hospital = {
      folder,
      get first() {
        return first;
      },
      get second() {
        return second;
      },
      admin,
      ward,
      away,
      command: (words, killAt) => command(folder, ['keys', ...words], killAt),
      mustDo: (...words) => mustOperate(folder, ['keys', ...words]),
      operate: (program, ...words) => mustOperate(folder, [program, ...words]),
      shown: () => hospital.admin.do('keys/show'),
      announce: async (name) =>
        (await hospital.admin.do('terminals/announce', { body: { name, place: '3階東病棟' } })).code,
      async signIn() {
        const before = admin;
        admin = createClient(first.origin, first.authority);
        hospital.admin = admin;
        await before.close();
        const { number, password, seed } = secrets;
        const ask = async (ahead: number) =>
          (await admin.ask('console/sign-in', { body: { number, password, code: totp(seed, ahead) } })).ok;
        // A clock may be one step ahead: nobody waits for the next step.
        await until('a code that was not used', async () => (await ask(0)) || (await ask(30)), 40_000);
      },
      async stopServers() {
        await second.stop();
        await first.stop();
      },
      async startFirst() {
        first = await startFirst(folder, port);
        second = first;
      },
      stop: stops.stop,
    };
    return hospital;
  } catch (error) {
    await stops.stop();
    throw error;
  }
}
