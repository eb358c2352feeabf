import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { openKeyring } from '#setup/keyring.ts';
import { createStops } from '#setup/stops.ts';
import { createWard, type Ward } from '../guard/ward.ts';
import { createRawTerminal, type RawTerminal } from '../raw-terminal.ts';
import { freePort, until } from '../world.ts';
import { type Account, openAccount } from './account.ts';
import { createShiftedClock, type ShiftedClock } from './clock.ts';
import { type Database, startDatabase } from './database.ts';
import { type FailingDisk, tryCreateDisk } from './disk.ts';
import { createLink, type Link } from './network.ts';
import { admitPeople, signInDesk } from './people.ts';
import type { Signer } from './signer.ts';
import { type ServerName, servers, type TerminalName, terminals } from './table.ts';
import { createTerminal, type Person, type Terminal } from './terminal.ts';

/** A small hospital whose every connection, process and disk can be made to fail. */
export interface Site {
  readonly folder: string;
  /** Where the account is written. */
  readonly path: string;
  readonly account: Account;
  readonly database: Database;
  /** Between a terminal and a process of the server. */
  readonly links: Readonly<Record<TerminalName, Readonly<Record<ServerName, Link>>>>;
  readonly databaseLinks: Readonly<Record<ServerName, Link>>;
  readonly deskLink: Link;
  readonly terminals: Readonly<Record<TerminalName, Terminal>>;
  /** The first of them is never suspended and types nothing wrong. */
  readonly people: readonly Person[];
  /** Of the guards' data; undefined where it cannot be made to fail. */
  readonly disks: Readonly<Record<TerminalName, FailingDisk | undefined>>;
  readonly clocks: Readonly<Record<TerminalName, ShiftedClock>>;
  /** A terminal without a guard, at each process of the server. */
  readonly strangers: Readonly<Record<ServerName, RawTerminal>>;
  readonly admin: Signer;
  readonly auditor: Signer;
  server(name: ServerName): ServerHouse;
  stopServers(): Promise<void>;
  startServers(): Promise<void>;
  stop(): Promise<void>;
}

/** People may mistype more often than policy would let them, so that a lock is the exception. */
const policy = { tries: { soft: 20, terminal: 100 } };

const folderName = /^kazasu-faults-(\d+)-/;

/** Removes what a killed run left: folders of processes that are gone. */
const sweep = (tell: (line: string) => void): void => {
  for (const name of readdirSync(tmpdir())) {
    const pid = folderName.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
    tell(`what a killed run has left is removed: ${join(tmpdir(), name)}`);
  }
};

export const openSite = async (tell: (line: string) => void): Promise<Site> => {
  sweep(tell);
  const folder = mkdtempSync(join(tmpdir(), `kazasu-faults-${process.pid}-`));
  // PostgreSQL runs as another user when this is root.
  chmodSync(folder, 0o711);
  const stops = createStops();
  if (process.env['KAZASU_KEEP'] === undefined) stops.add(() => rmSync(folder, { recursive: true, force: true }));
  else process.stderr.write(`${folder}\n`);
  try {
    return await open(folder, stops);
  } catch (error) {
    await stops.stop();
    throw error;
  }
};

const forEach = <Name extends string, Value>(
  all: readonly Name[],
  make: (name: Name) => Promise<Value>,
): Promise<Readonly<Record<Name, Value>>> =>
  Promise.all(all.map(async (name) => [name, await make(name)] as const)).then(
    (made) => Object.fromEntries(made) as Record<Name, Value>,
  );

const open = async (folder: string, stops: ReturnType<typeof createStops>): Promise<Site> => {
  const path = join(folder, 'account.jsonl');
  const account = openAccount(path);
  stops.add(account.close);
  const disk = join(folder, 'disk');
  mkdirSync(disk, { mode: 0o711 });
  const [database, keyring] = await Promise.all([
    startDatabase(disk),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
  ]);
  stops.add(database.stop);
  stops.add(keyring.stop);
  const link = async (target: number): Promise<Link> => {
    const made = await createLink(target);
    stops.add(made.close);
    return made;
  };
  const ports = await forEach(servers, freePort);
  const databaseLinks = await forEach(servers, () => link(database.port));
  const deskLink = await link(ports.first);
  const origin = `https://localhost:${deskLink.port}`;
  const start = (name: ServerName): Promise<ServerHouse> =>
    startServer({
      folder: join(folder, name),
      port: ports[name],
      env: {
        // Keys and authority are the same for both.
        KAZASU_DATA: join(folder, 'first'),
        KAZASU_ORIGIN: origin,
        KAZASU_POLICY: JSON.stringify(policy),
        DATABASE_URL: Object.assign(new URL(database.address), { port: databaseLinks[name].port }).href,
      },
    });
  const houses = { first: await start('first') } as Record<ServerName, ServerHouse>;
  const stopServers = async (): Promise<void> => {
    await Promise.all(Object.values(houses).map((house) => house.stop()));
  };
  stops.add(stopServers);
  const { authority } = houses.first;
  const desk = await signInDesk({ origin, authority, hangUp: deskLink.cut }, houses.first.firstAdmin() ?? '');
  stops.add(desk.admin.close);
  stops.add(desk.auditor.close);
  houses.second = await start('second');
  const links = await forEach(terminals, () => forEach(servers, (name) => link(ports[name])));
  let logins = 0;
  const seats = await forEach(terminals, async (name) => {
    const seat = createTerminal({ name, account, nextLogin: () => ++logins });
    // Each begins at another process.
    const order = name === 'ward' ? servers : servers.toReversed();
    const origins = order.map((server) => `https://localhost:${links[name][server].port}`).join();
    const house = { origin: origins, authority };
    const failing = tryCreateDisk(join(folder, name), join(folder, `disk-of-${name}`));
    const clock = createShiftedClock(join(folder, `clock-of-${name}`));
    const env = { ...failing?.env, ...clock.env };
    const ward = await createWard({ folder, name, server: () => house, keyring, stops, env, hear: seat.hear });
    return { seat, ward, disk: failing, clock };
  });
  const wards = { ward: seats.ward.ward, away: seats.away.ward } satisfies Record<TerminalName, Ward>;
  const people = await admitPeople(desk.admin, wards, 4);
  const asking = { do: desk.admin.must } as const;
  const strangers = await forEach(servers, async (name) => {
    const server = { origin: `https://localhost:${ports[name]}`, authority };
    const stranger = await createRawTerminal({ admin: asking, folder, server }, `stranger-${name}`);
    stops.add(stranger.close);
    return stranger;
  });
  const used = await forEach(terminals, async (name) => seats[name].seat.use(wards[name]));
  for (const terminal of Object.values(used)) stops.add(terminal.stop);
  return {
    folder,
    path,
    account,
    database,
    links,
    databaseLinks,
    deskLink,
    terminals: used,
    strangers,
    disks: { ward: seats.ward.disk, away: seats.away.disk },
    clocks: { ward: seats.ward.clock, away: seats.away.clock },
    people,
    ...desk,
    server: (name) => houses[name],
    stopServers,
    async startServers() {
      // As whatever keeps services does: one that does not come up is started again.
      for (const name of servers) houses[name] = await until(`${name} runs`, () => start(name), 60_000);
    },
    stop: stops.stop,
  };
};
