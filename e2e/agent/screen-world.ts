import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { screenFolder } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { within } from '../within.ts';
import { until } from '../world.ts';
import { createScriptedGuard, type FromScreenLine, type ScriptedGuard, type ScriptedView } from './scripted-guard.ts';

/** Electron that has not started, or not ended, after this long never will (milliseconds). */
const longestStart = 60_000;
const longestEnd = 10_000;

const holdBack = join(import.meta.dirname, 'hold-back.cjs');

/** The real screen program on a display of its own, told what to show by a script. */
export interface ScreenWorld {
  readonly guard: ScriptedGuard;
  readonly electron: ElectronApplication;
  readonly display: Display;
  /** The page of a window, as soon as it has asked for its first frame. */
  readonly page: (window: 'lock' | 'cover' | 'badge') => Promise<Page>;
  /** The kinds of window that the display shows at this moment, sorted. */
  readonly visible: () => Promise<string[]>;
  /** Shows a view and waits until the window that a person looks at has painted it. */
  readonly painted: (view: ScriptedView, window?: 'lock' | 'badge') => Promise<FromScreenLine>;
  readonly stop: () => Promise<void>;
}

export interface ScreenWorldOptions {
  /** Width x height x depth. */
  readonly size?: string;
  readonly windowManager?: boolean;
  /** Of the hospital, as in `Asia/Tokyo`; this machine's when left out. */
  readonly timeZone?: string;
}

export const createScreenWorld = async (options: ScreenWorldOptions = {}): Promise<ScreenWorld> => {
  const stops = createStops();
  try {
    return await startScreenWorld(options, stops);
  } catch (error) {
    // What was started would keep the test that waits for its end.
    await stops.stop();
    throw error;
  }
};

const startScreenWorld = async (
  options: ScreenWorldOptions,
  stops: ReturnType<typeof createStops>,
): Promise<ScreenWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-screen-'));
  stops.add(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const display = await openDisplay({
    folder,
    virtual: true,
    size: options.size ?? '1920x1080x24',
    windowManager: options.windowManager ?? false,
  });
  stops.add(display.stop);
  const socket = join(folder, 'guard.sock');
  const guard = await createScriptedGuard(socket);
  stops.add(guard.stop);
  const program = findElectron();
  const launched = _electron.launch({
    executablePath: program.path,
    args: ['-r', holdBack, ...program.flags, screenFolder],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      ...display.env,
      ...(options.timeZone === undefined ? {} : { TZ: options.timeZone }),
      KAZASU_GUARD_SOCKET: socket,
      KAZASU_SCREEN_DATA: join(folder, 'data'),
    },
  });
  const electron = await within('Electron starts', longestStart, launched);
  stops.add(async () => {
    // Where it is gone, its answer never comes.
    const closed = within('Electron ends', longestEnd, electron.close());
    await closed.catch(() => void electron.process().kill('SIGKILL'));
  });
  await guard.connected();

  const page: ScreenWorld['page'] = async (window) => {
    const address = `app://ui/${window}`;
    const found = await until(`the ${window} window`, () => electron.windows().find((one) => one.url() === address));
    await found.waitForSelector('html[data-window]', { state: 'attached' });
    return found;
  };
  return {
    guard,
    electron,
    display,
    page,
    visible: () =>
      electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()
          .filter((window) => window.isVisible())
          .map((window) => window.webContents.getURL().replace('app://ui/', ''))
          .sort(),
      ),
    painted: (view, window = 'lock') => {
      const from = guard.received.length;
      const number = guard.show(view);
      return guard.waitFor(
        (line) => line.kind === 'painted' && line['number'] === number && line['window'] === window,
        { from },
      );
    },
    stop: stops.stop,
  };
};
