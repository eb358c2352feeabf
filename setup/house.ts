import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildCurtain } from './curtain.ts';
import { findElectron } from './electron.ts';
import { type Kept, keep } from './keep.ts';
import { node, root, screenFolder } from './paths.ts';
import { createStops } from './stops.ts';

/** What every process of the product gets of this one's environment; nothing else leaks in. */
const inherited = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'HOME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'NODE_COMPILE_CACHE'] as const;
const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

export interface ServerHouse {
  /** For example `https://localhost:8443`. */
  readonly origin: string;
  /** File of the hospital's own certificate authority (PEM). */
  readonly authority: string;
  /** One-time link that creates the first admin; null once there is one. */
  firstAdmin(): string | null;
  /** The one-time code that `KAZASU_FIRST_TERMINAL` asked for; null once that terminal is enrolled. */
  firstTerminal(): { readonly name: string; readonly code: string } | null;
  readonly process: Kept;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly folder: string;
  readonly port: number;
  /** Further settings of the server, such as `DATABASE_URL`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where the program lies; this product's own folder when left out. */
  readonly tree?: string;
}

/**
 * Room for what requests leave behind, so that it is gone before the collector of garbage would move it. And bodies of requests do
 * not have it go through everything each time that 64 MB of them have come.
 */
const serverFlags = ['--max-semi-space-size=64', '--external-memory-accounted-in-global-limit'] as const;

interface ReadyLine {
  readonly origin: string;
  readonly authority: string;
  readonly firstAdmin: string | null;
  readonly firstTerminal: { readonly name: string; readonly code: string } | null;
}

/** Starts the server with its embedded PostgreSQL and keeps it running. */
export async function startServer(options: ServerOptions): Promise<ServerHouse> {
  const { tree = root } = options;
  mkdirSync(options.folder, { recursive: true, mode: 0o755 });
  const kept = await keep({
    name: 'server',
    command: node,
    args: [...serverFlags, join(tree, 'server', 'start.ts')],
    cwd: tree,
    env: {
      ...plainEnvironment(),
      KAZASU_DATA: options.folder,
      KAZASU_PORT: String(options.port),
      ...options.env,
    },
    log: join(options.folder, 'log', 'server.log'),
    ready: { line: /^\{"ready":true.*\}$/ },
    conceal: /(?<=#invitation=|"code":")[\w-]+/g,
    // It takes its own database along only when it ends in order; one that stands still hears nothing but SIGKILL.
    orphanSignal: options.env?.['DATABASE_URL'] === undefined ? 'SIGTERM' : 'SIGKILL',
    stopWithin: 10_000,
  });
  const said = (): ReadyLine => JSON.parse(kept.match()?.[0] ?? '{}') as ReadyLine;
  const { origin, authority } = said();
  return {
    origin,
    authority,
    firstAdmin: () => said().firstAdmin,
    firstTerminal: () => said().firstTerminal,
    process: kept,
    stop: kept.stop,
  };
}

export interface TerminalHouse {
  readonly guard: Kept;
  /** Under a curtain this is the leader, which keeps the curtains and the screen running. */
  readonly screen: Kept;
  /** Where Electron keeps its data; `DevToolsActivePort` lies there when `debug` is set. */
  readonly screenData: string;
  stop(): Promise<void>;
}

export interface TerminalOptions {
  readonly folder: string;
  readonly origin: string;
  readonly authority: string;
  /** One-time code; needed until the terminal is enrolled. */
  readonly code?: string;
  /** Socket of the PC/SC service; the system's own when left out. */
  readonly readerSocket?: string;
  /** Variables of the keyring, for the guard. */
  readonly keyring: NodeJS.ProcessEnv;
  /** Variables of the display, for the screen. */
  readonly display: NodeJS.ProcessEnv;
  /** How much the guard writes; `debug` tells when each view was painted. */
  readonly logLevel?: 'debug' | 'info';
  /** Lets a test drive the screen; a release build refuses it. */
  readonly debug?: boolean;
  /** Ordinary windows that cover nothing; a release build refuses it. */
  readonly windowed?: boolean;
  /** Native curtains over the display; the screen is painted on them. */
  readonly curtain?: boolean;
  /** File of what the terminal does when somebody comes or goes. */
  readonly hooks?: string;
  /** Further settings of the guard, such as `KAZASU_LOGIND`. */
  readonly guardEnv?: NodeJS.ProcessEnv;
}

/** For compiled modules of guard and reader: whoever could write there could run code in the guard. */
function openOwnFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (lstatSync(path).uid !== process.getuid?.()) throw new Error(`The folder ${path} belongs to somebody else.`);
  chmodSync(path, 0o700);
  return path;
}

/** Starts the guard and the screen of one terminal and keeps each running. */
export async function startTerminal(options: TerminalOptions): Promise<TerminalHouse> {
  const { folder } = options;
  const run = join(folder, 'run');
  const screenData = join(folder, 'screen');
  for (const each of [folder, run, screenData]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const socket = join(run, 'guard.sock');
  const curtainSocket = join(run, 'curtain.sock');
  const environment = {
    ...plainEnvironment(),
    NODE_COMPILE_CACHE: openOwnFolder(join(folder, 'compiled')),
    KAZASU_GUARD_SOCKET: socket,
  };
  const stops = createStops();
  try {
    const guard = await keep({
      name: 'guard',
      command: node,
      args: [join(root, 'guard', 'start.ts')],
      cwd: root,
      env: {
        ...environment,
        ...options.keyring,
        KAZASU_DATA: join(folder, 'guard'),
        KAZASU_SERVER: options.origin,
        KAZASU_AUTHORITY: options.authority,
        KAZASU_LOG: options.logLevel ?? 'info',
        ...(options.curtain === true ? { KAZASU_CURTAIN_SOCKET: curtainSocket } : {}),
        ...(options.hooks === undefined ? {} : { KAZASU_HOOKS: options.hooks }),
        ...(options.code === undefined ? {} : { KAZASU_ENROLMENT_CODE: options.code }),
        ...(options.readerSocket === undefined ? {} : { PCSCLITE_CSOCK_NAME: options.readerSocket }),
        ...options.guardEnv,
        KAZASU_BEAT: '3',
      },
      log: join(folder, 'log', 'guard.log'),
      ready: { line: /^\{"ready":true.*\}$/ },
      // Longer than its lease lives: by then the screens are covered in any case.
      silentAfter: 3_000,
    });
    stops.add(guard.stop);
    const electron = findElectron();
    const program = [
      electron.path,
      ...electron.flags,
      ...(options.debug === true ? ['--remote-debugging-port=0'] : []),
      screenFolder,
    ];
    const [command = '', ...args] =
      options.curtain === true ? await underCurtain(run, curtainSocket, program) : program;
    const screen = await keep({
      name: 'screen',
      command,
      args,
      cwd: root,
      // The screen needs no secrets and no session bus; without an address Chromium would start a bus of its own.
      env: {
        ...environment,
        ...options.display,
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
        KAZASU_SCREEN_DATA: screenData,
        ...(options.windowed === true ? { KAZASU_WINDOWED: '1' } : {}),
      },
      log: join(folder, 'log', 'screen.log'),
    });
    stops.add(screen.stop);
    return { guard, screen, screenData, stop: stops.stop };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

/** The leader of a display that belongs to somebody else: told to end, it leaves it as it was. */
async function underCurtain(run: string, socket: string, program: readonly string[]): Promise<string[]> {
  const programs = await buildCurtain();
  return [join(programs, 'leader'), '--leave-display', programs, socket, String(process.getuid?.()), run, ...program];
}
