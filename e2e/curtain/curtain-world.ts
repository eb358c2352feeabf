import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildCurtain } from '#setup/curtain.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { type Kept, keep } from '#setup/keep.ts';
import { root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { until } from '../world.ts';
import { buildProbe, monotonic, type Probe, startProbe } from './probe.ts';
import { createScriptedGuard, type ScriptedGuard } from './scripted-guard.ts';

/** The real leader and curtains on a display of their own with a window manager and a victim, under a scripted guard. */
export interface CurtainWorld {
  readonly display: Display;
  readonly guard: ScriptedGuard;
  /** Where the curtains look for their guard. */
  readonly socket: string;
  readonly leader: Kept;
  leaderPid(): number | undefined;
  /** File of what the leader says. */
  readonly log: string;
  /** A red window over everything, which counts the keys that reach it. */
  readonly victim: Probe;
  /** Counts red pixels, about a thousand times a second. */
  readonly watch: Probe;
  /** Process of the curtain in this seat; waits for it. */
  curtain(seat: 0 | 1): Promise<number>;
  probe(...words: readonly string[]): Promise<Probe>;
  /** When nobody answered for the display any more, by the clock of the probes. */
  displayGone(within: number): Promise<number>;
  /** Process of the desktop that the session has started. */
  desktop(): Promise<number | undefined>;
  opened(): Promise<void>;
  covered(): Promise<void>;
  stop(): Promise<void>;
}

export interface CurtainWorldOptions {
  readonly windowManager?: boolean;
  readonly size?: string;
  readonly sanitized?: boolean;
  /** Starts the X session of a terminal, which brings the victim as its desktop. */
  readonly session?: boolean;
  /** The leader is nobody's group: it can be killed alone. Its end is then the test's to clear up after. */
  readonly alone?: boolean;
  /** A program in the place of the screen, with its words. */
  readonly screen?: readonly string[];
  /** Further variables of the session. */
  readonly env?: NodeJS.ProcessEnv;
  /** Another display than one of a fixed head with a window manager. */
  readonly openDisplay?: (folder: string) => Promise<Display>;
}

export async function createCurtainWorld(options: CurtainWorldOptions = {}): Promise<CurtainWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-curtain-'));
  const stops = createStops();
  stops.add(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const display = await (options.openDisplay?.(folder) ??
      openDisplay({
        folder: join(folder, 'display'),
        virtual: true,
        size: options.size ?? '1280x800x24',
        windowManager: options.windowManager ?? true,
      }));
    stops.add(display.stop);
    const victim = options.session === true ? undefined : await startProbe(display.env, 'victim');
    if (victim !== undefined) stops.add(victim.stop);
    const watch = await startProbe(display.env, 'watch');
    stops.add(watch.stop);
    if (victim !== undefined) await until('the victim is seen', () => watch.changes.at(-1)?.red);
    const socket = join(folder, 'curtain.sock');
    const guard = await createScriptedGuard(socket);
    stops.add(guard.stop);
    const programs = await buildCurtain(options.sanitized === true ? { sanitized: true } : {});
    const user = String(process.getuid?.() ?? 0);
    const desktop = join(folder, 'desktop');
    writeFileSync(desktop, `#!/bin/sh\nexec ${await buildProbe()} victim alone >/dev/null\n`, {
      mode: 0o755,
    });
    const log = join(folder, 'leader.log');
    const [command = '', ...args] =
      options.session === true
        ? [join(root, 'native', 'curtain', 'session', 'start')]
        : [join(programs, 'leader'), programs, socket, user, ...(options.screen ? [folder, ...options.screen] : [])];
    const leader = await keep({
      name: 'leader',
      command: options.alone === true ? 'setsid' : command,
      args: options.alone === true ? ['--fork', '--wait', command, ...args] : args,
      env: {
        PATH: process.env['PATH'],
        ...display.env,
        KAZASU_CURTAIN: programs,
        KAZASU_CURTAIN_SOCKET: socket,
        KAZASU_GUARD_USER: user,
        KAZASU_DESKTOP: desktop,
        ...options.env,
      },
      log,
      restart: false,
      stopWithin: 500,
    });
    stops.add(leader.stop);
    const probes: Probe[] = [];
    stops.add(async () => void (await Promise.all(probes.map((probe) => probe.stop()))));
    const leaderPid = (): number | undefined =>
      options.alone === true ? findChild(leader.pid(), ({ program }) => program === 'leader') : leader.pid();
    const curtain: CurtainWorld['curtain'] = (seat) =>
      until(`a curtain in seat ${seat}`, () => findChild(leaderPid(), isCurtain(seat)));
    await guard.covered();
    return {
      display,
      guard,
      socket,
      leader,
      log,
      get victim() {
        if (victim === undefined) throw new Error('The desktop of the session is the victim');
        return victim;
      },
      watch,
      leaderPid,
      desktop: async () => findChild(leader.pid(), ({ program }) => program.startsWith('probe-')),
      curtain,
      async probe(...words) {
        const probe = await startProbe(display.env, ...words);
        probes.push(probe);
        return probe;
      },
      displayGone: (within) => {
        const path = `/tmp/.X11-unix/X${display.env.DISPLAY.slice(1)}`;
        const refuses = (): Promise<boolean> =>
          new Promise((resolve) => {
            const socket = connect(path);
            socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
            socket.once('connect', () => socket.destroy());
          });
        return until('the display is gone', async () => ((await refuses()) ? monotonic() : undefined), within);
      },
      async opened() {
        guard.open();
        await until('the victim is seen', () => watch.changes.at(-1)?.red);
      },
      async covered() {
        guard.cover();
        await guard.covered();
        await until('the victim is not seen', () => watch.changes.at(-1)?.red === false);
      },
      stop: stops.stop,
    };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

/** A child of the leader: the file that it runs, and its words. Electron writes over its own words. */
export interface Child {
  readonly program: string;
  readonly words: readonly string[];
}

function childrenOf(parent: number): string[] {
  try {
    return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

/** The child of this process that fits. */
export function findChild(parent: number | undefined, fits: (child: Child) => boolean): number | undefined {
  if (parent === undefined) return undefined;
  const found = childrenOf(parent).find((child) => {
    try {
      const words = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0');
      return fits({ program: basename(readlinkSync(`/proc/${child}/exe`)), words });
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

export const isCurtain =
  (seat: 0 | 1) =>
  ({ program, words }: Child): boolean =>
    program === 'curtain' && words[4] === String(seat);
