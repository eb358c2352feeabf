import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findElectron } from '#setup/electron.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { type Kept, keep } from '#setup/keep.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { createStops } from '#setup/stops.ts';
import { startReaderService } from '../card/service.ts';
import { admitTerminal } from './admit.ts';
import { findChromium, openBrowser, writeSignpost } from './browser.ts';
import { createGuide, type Guide } from './guide.ts';
import { holdHome } from './home.ts';
import { choosePort } from './port.ts';
import { isAlive, isForeground, tryMark } from './processes.ts';
import type { DeskSettings } from './settings.ts';

/** Everything that runs on the desk. */
export interface Desk {
  readonly guide: Guide;
  readonly say: (line: string) => void;
  /** Whether words typed into the terminal reach us. */
  readonly listens: boolean;
  openConsole(): Promise<void>;
  openTray(): Promise<void>;
  /** Prints the one-time code of an authenticator's key, for a desk without a phone. */
  showCode(key: string): Promise<void>;
  stop(): Promise<void>;
}

/** Beside the lock window, whose place on a desk electron/main/windows.ts chooses by the same figures. */
function placeTray(displayWidth: number): { x: number; y: number; width: number; height: number } {
  const x = 24 + Math.min(1_120, Math.max(800, displayWidth - 48 - 340)) + 16;
  const width = Math.max(320, Math.min(440, displayWidth - x - 8));
  return { x: Math.max(0, Math.min(x, displayWidth - width)), y: 24, width, height: 680 };
}
const lookEvery = 1_000;

export async function createDesk(
  settings: DeskSettings,
  say: (line: string) => void,
  ending: AbortSignal,
): Promise<Desk> {
  const { display } = settings;
  const home = await holdHome(settings.home, say);
  const stops = createStops();
  stops.add(home.release);
  const track = (kept: Kept): void => {
    home.track(kept);
    kept.listen((event) => {
      if (event.kind !== 'died' || ending.aborted) return;
      say(`${kept.name} ended (${event.signal ?? `code ${event.code}`}) and is started again.`);
    });
  };
  const step = async <Value>(name: string, work: Promise<Value>): Promise<Value> => {
    const began = performance.now();
    const value = await work;
    say(`  ✓ ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    if (ending.aborted) throw new Error('ended while starting');
    return value;
  };

  try {
    say(`Starting Kazasu in ${home.folder}`);
    const { warning } = findElectron();
    if (warning !== undefined) say(`  ! ${warning}`);
    const port = await choosePort(settings.port, say);
    const keyring = await step('keyring', openKeyring({ folder: join(home.folder, 'keyring') }));
    stops.add(keyring.stop);
    const reader = settings.reader === 'tray' ? await step('card reader', openReader()) : undefined;

    let server: ServerHouse | undefined;
    stops.add(() => server?.stop());
    const serve = async (firstTerminal: string): Promise<ServerHouse> => {
      await server?.stop();
      server = undefined;
      const folder = join(home.folder, 'server');
      server = await startServer({ folder, port, env: { KAZASU_FIRST_TERMINAL: firstTerminal } });
      track(server.process);
      return server;
    };
    if (!existsSync(join(home.folder, 'server', 'postgres'))) say('  … a new database; the first start takes longer');
    const admitted = await step(
      'server and terminal',
      admitTerminal({
        say,
        folder: join(home.folder, 'terminal'),
        serve,
        code: settings.code,
        terminal: {
          keyring: keyring.env,
          display,
          windowed: !settings.kiosk,
          curtain: settings.kiosk,
          debug: settings.debug,
          ...(reader === undefined ? {} : { readerSocket: reader.socket }),
        },
        started: ({ guard, screen, stop }) => {
          stops.add(stop);
          track(guard);
          track(screen);
        },
      }),
    );
    const { origin, authority, firstAdmin } = admitted.server;
    const tray = reader === undefined ? undefined : await step('card tray', openTrayProgram(reader.slot));
    const browsers = new Map<string, Kept>();
    stops.add(async () => void (await Promise.all([...browsers.values()].map((kept) => kept.stop()))));
    const width = Number(
      (await run('xdotool', ['getdisplaygeometry'], { env: { ...process.env, ...display } })).out.split(' ')[0],
    );

    const open = async (name: string, options: { url: string; app: boolean; trusted?: string }): Promise<void> => {
      const program = findChromium();
      if (program === undefined) return say(`There is no Chromium here; open this page in a browser: ${options.url}`);
      await browsers.get(name)?.stop();
      const bounds = options.app ? placeTray(width) : { x: 120, y: 60, width: 1_280, height: 860 };
      const browser = await openBrowser(program, {
        name,
        folder: join(home.folder, name.replace(' ', '-')),
        display,
        bounds,
        ...options,
      });
      browsers.set(name, browser);
      home.track(browser);
    };
    const openTray = async (): Promise<void> => {
      const page = (JSON.parse(tray?.match()?.[0] ?? '{}') as { page?: string }).page;
      if (page !== undefined) await open('tray window', { url: page, app: true });
    };
    tray?.listen((event) => event.kind === 'ready' && void openTray());
    await openTray();

    const listens = isForeground();
    const guide = createGuide({
      say,
      home: home.folder,
      origin,
      authority,
      firstAdmin,
      tray: tray !== undefined,
      kiosk: settings.kiosk,
      listens,
    });
    stops.add(guide.stop);
    admitted.server.process.listen((event) => event.kind === 'ready' && guide.serverStartedAgain());
    return {
      guide,
      say,
      listens,
      openTray,
      async openConsole() {
        const { keyHash } = await import('#e2e/console/console-world.ts');
        const url = writeSignpost(home.folder, guide.link());
        await open('console', { url, app: false, trusted: await keyHash(origin, authority) });
      },
      async showCode(key) {
        const { totp } = await import('#e2e/client.ts');
        const seed = key.replaceAll(' ', '');
        // Base32, RFC 4648; an authenticator's key has 128 bits or more.
        say(/^[A-Z2-7]{26,}$/.test(seed) ? `  ${totp(seed)}` : '  That is not the whole key.');
      },
      stop: stops.stop,
    };
  } catch (problem) {
    await stops.stop();
    throw problem;
  }

  async function openReader(): Promise<{ socket: string; slot: string }> {
    const folder = join(home.folder, 'reader');
    const service = await startReaderService({ folder, readers: ['Kazasu Card Tray'] });
    const pidFile = join(folder, 'run', 'pcscd.pid');
    let mark = tryMark(Number(readFileSync(pidFile, 'utf8')));
    const watching = setInterval(() => {
      if (ending.aborted || mark === undefined || isAlive(mark)) return;
      mark = undefined;
      say('The PC/SC service ended and is started again.');
      service.restart().then(
        () => {
          mark = tryMark(Number(readFileSync(pidFile, 'utf8')));
        },
        (problem: unknown) => say(String(problem)),
      );
    }, lookEvery);
    stops.add(async () => {
      clearInterval(watching);
      await service.stop();
    });
    return { socket: service.socket, slot: String(service.ports[0]) };
  }

  async function openTrayProgram(slot: string): Promise<Kept> {
    const tray = await keep({
      name: 'card tray',
      command: node,
      args: [join(root, 'e2e', 'tray', 'start.ts'), slot],
      cwd: root,
      log: join(home.folder, 'tray', 'tray.log'),
      ready: { line: /^\{"ready":true.*\}$/ },
    });
    stops.add(tray.stop);
    track(tray);
    return tray;
  }
}
