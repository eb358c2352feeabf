import type { BrowserWindow } from 'electron';

/** A visible page that has not painted its newest frame after this long hangs (milliseconds). */
const longestPaint = 8000;
/** More repairs than this within `window` mean that the program itself is ill: a new process is better. */
const repairs = { most: 5, window: 60_000 };

export interface WatchdogDeps {
  readonly now: () => number;
  /** Tells the guard what was made anew. */
  readonly report: (what: string) => void;
  /** Ends the program; whoever started it starts it again. */
  readonly giveUp: (why: string) => void;
}

export interface Watch {
  /** A frame was sent to a page that a person sees. */
  readonly sent: () => void;
  readonly painted: () => void;
}

export interface Watchdog {
  readonly watch: (window: BrowserWindow, name: string) => Watch;
  /** Notes a repair that somebody else made. */
  readonly repaired: (what: string) => void;
  readonly stop: () => void;
}

/** Brings pages back: crashed, hanging or never painted. */
export const createWatchdog = (deps: WatchdogDeps): Watchdog => {
  const recent: number[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  const repaired = (what: string): void => {
    if (stopped) return;
    const now = deps.now();
    recent.push(now);
    while (recent.length > 0 && now - (recent[0] ?? now) > repairs.window) recent.shift();
    deps.report(what.slice(0, 80));
    if (recent.length > repairs.most) deps.giveUp(`${recent.length} repairs within a minute, the last: ${what}`);
  };

  const watch = (window: BrowserWindow, name: string): Watch => {
    const page = window.webContents;
    let waiting: NodeJS.Timeout | null = null;

    const settle = (): void => {
      if (waiting === null) return;
      clearTimeout(waiting);
      timers.delete(waiting);
      waiting = null;
    };
    const hangs = (): void => {
      settle();
      if (!window.isDestroyed()) page.forcefullyCrashRenderer();
    };
    const expect = (): void => {
      if (waiting !== null || stopped) return;
      // A hidden page paints nothing and owes nothing.
      waiting = setTimeout(() => (window.isDestroyed() || window.isVisible() ? hangs() : settle()), longestPaint);
      timers.add(waiting);
    };

    page.on('unresponsive', hangs);
    page.on('render-process-gone', (_gone, details) => {
      settle();
      if (window.isDestroyed() || stopped) return;
      // Without its zygote, Chromium can start no page ever again.
      if (details.reason === 'launch-failed') return deps.giveUp(`${name}: no page can be started`);
      repaired(`${name} page: ${details.reason}`);
      page.reload();
      expect();
    });
    window.on('closed', settle);
    expect();
    return { sent: expect, painted: settle };
  };

  return {
    watch,
    repaired,
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
};
