import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type CoveredTerminal, createCoveredTerminal } from '#e2e/curtain/covered-terminal.ts';
import { createWorld } from '#e2e/world.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { createStops } from '#setup/stops.ts';
import { measureConsole } from './console.ts';
import { measureFanout } from './fanout.ts';
import { type Figure, jsonLine, printTable } from './figure.ts';
import { measureIngest, measureTapsUnderReports } from './ingest.ts';
import { measureAppend, measureKills } from './journal.ts';
import { lockPolicy, measureLocks } from './locks.ts';
import { measureLogPages } from './log.ts';
import { type Clinic, enrolCards, measureLogins, measureRevocations } from './login.ts';
import { measureLoginRates } from './logins.ts';
import { measureOffline } from './offline.ts';
import { measureGuardDeaths, measureReturns } from './returns.ts';
import { type ServerAlone, startServerAlone } from './server-alone.ts';
import { measureColdStart, measureIdle } from './terminal.ts';
import { measurePlacing, measureVerifyLog } from './verify-log.ts';

/** A terminal with its screen in a hospital, and a display of its own for what it is held against. */
interface Hospital {
  readonly clinic: Clinic;
  readonly elsewhere: Display;
}

/** What a bench is measured on. Each is started when the first bench asks for it. */
interface Places {
  hospital(): Promise<Hospital>;
  /** One server process and PostgreSQL, without any terminal. */
  server(): Promise<ServerAlone>;
  /** A terminal under the native curtain, with a window manager and a desktop behind it. */
  covered(): Promise<CoveredTerminal>;
}

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => arg !== '--json');
const isWanted = (...names: readonly string[]): boolean =>
  wanted.length === 0 || names.some((name) => wanted.includes(name));

/** What can be asked for by name, in the order in which it is measured. */
const benches: readonly { readonly names: readonly string[]; readonly run: (places: Places) => Promise<Figure[]> }[] = [
  {
    names: ['pin-logins', 'totp-logins', 'tap-idle', 'tap-idle-median', 'tap-under-pins'],
    run: async (at) => measureLoginRates(await at.server(), availableParallelism()),
  },
  { names: ['card-to-name', 'pin-to-open'], run: async (at) => measureLogins((await at.hospital()).clinic, 30) },
  { names: ['revoke-to-lock'], run: async (at) => [await measureRevocations((await at.hospital()).clinic, 10)] },
  { names: ['lock-to-cover', 'key-to-desktop'], run: async (at) => measureLocks(await at.covered(), 20) },
  { names: ['guard-death-to-cover'], run: async (at) => [await measureGuardDeaths(await at.covered(), 20)] },
  { names: ['screen-back'], run: async (at) => measureReturns(await at.covered(), 20) },
  {
    names: ['screen-memory', 'idle-cpu'],
    run: async (at) => {
      const { clinic, elsewhere } = await at.hospital();
      return measureIdle(clinic, elsewhere, 15);
    },
  },
  {
    names: ['cold-start'],
    run: async (at) => {
      const { clinic, elsewhere } = await at.hospital();
      return [await measureColdStart(clinic, elsewhere, 7)];
    },
  },
  {
    names: ['revoke-fanout', 'stream-memory', 'stream-cpu', 'reconnect-all', 'tap-under-reconnect'],
    run: async (at) =>
      measureFanout(await at.server(), {
        count: 5000,
        rounds: 25,
        herd: isWanted('reconnect-all', 'tap-under-reconnect'),
      }),
  },
  { names: ['journal-append', 'journal-rate'], run: async () => measureAppend() },
  { names: ['offline-check', 'offline-guess'], run: async () => measureOffline() },
  { names: ['journal-kills'], run: async () => [await measureKills(200)] },
  { names: ['ingest'], run: async (at) => [await measureIngest(await at.server(), 12)] },
  { names: ['tap-under-reports'], run: async (at) => [await measureTapsUnderReports(await at.server(), 12)] },
  { names: ['verify-log'], run: async () => [await measureVerifyLog(500_000)] },
  { names: ['log-placing'], run: async (at) => [await measurePlacing(await at.server(), 200_000)] },
  { names: ['console-page', 'log-search', 'dashboard'], run: async () => measureConsole() },
  { names: ['log-page'], run: async (at) => [await measureLogPages(await at.server(), 2_000_000)] },
];

const known = benches.flatMap((bench) => bench.names);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such figure: ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const stops = createStops();

const openHospital = async (): Promise<Hospital> => {
  say('Starting a hospital: server, PostgreSQL, reader service, guard, screen …');
  const world = await createWorld({ logLevel: 'debug' });
  stops.add(world.stop);
  // The lock screen covers its display: an empty window is measured on one of its own.
  const elsewhere = await openDisplay({ folder: join(world.folder, 'elsewhere'), virtual: true });
  stops.add(elsewhere.stop);
  const terminal = await world.addTerminal('bench-01');
  const person = await world.addPerson({ number: '004217', name: '山田 花子' });
  const clinic: Clinic = { world, terminal, person };
  await enrolCards(clinic);
  return { clinic, elsewhere };
};
const openServer = async (): Promise<ServerAlone> => {
  say('Starting a server and PostgreSQL …');
  const alone = await startServerAlone();
  stops.add(alone.stop);
  return alone;
};
const openCovered = async (): Promise<CoveredTerminal> => {
  say('Starting a hospital with a terminal under the curtain …');
  const covered = await createCoveredTerminal({ logind: true, logLevel: 'debug', env: { KAZASU_POLICY: lockPolicy } });
  stops.add(covered.stop);
  return covered;
};
let covered: Promise<CoveredTerminal> | undefined;
let hospital: Promise<Hospital> | undefined;
let server: Promise<ServerAlone> | undefined;
const places: Places = {
  hospital: () => {
    hospital ??= openHospital();
    return hospital;
  },
  covered: () => {
    covered ??= openCovered();
    return covered;
  },
  server: () => {
    server ??= openServer();
    return server;
  },
};

const figures: Figure[] = [];
try {
  for (const bench of benches) {
    if (!isWanted(...bench.names)) continue;
    say(`Measuring ${bench.names.join(', ')} …`);
    const measured = await bench.run(places);
    const asked = measured.filter(({ name }) => isWanted(name));
    figures.push(...asked);
    // At once: whoever stops a long measurement keeps what there is.
    if (json) for (const each of asked) process.stdout.write(`${jsonLine(each)}\n`);
  }
} finally {
  await stops.stop();
}
if (!json) printTable(figures);
if (figures.some((each) => !each.ok)) process.exitCode = 1;
