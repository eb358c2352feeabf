import type { BrowserWindow } from 'electron';

/** A visible page that has not painted its newest frame after this long hangs; one that loads has more time (milliseconds). */
const longest = { paint: 6000, load: 20_000 };
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

/** Brings pages back: crashed, hanging, blank or never painted. */
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
    /** It was made anew for its silence and has not painted since. */
    let ill = false;

    const settle = (): void => {
      if (waiting === null) return;
      clearTimeout(waiting);
      timers.delete(waiting);
      waiting = null;
    };
    const hangs = (): void => {
      settle();
      if (window.isDestroyed()) return;
      // What hangs lies deeper, as in the process that draws for every page.
      if (ill) return deps.giveUp(`${name}: made anew in vain`);
      ill = true;
      page.forcefullyCrashRenderer();
    };
    const expect = (limit: number): void => {
      if (waiting !== null || stopped) return;
      // A hidden page paints nothing and owes nothing.
      waiting = setTimeout(() => (window.isDestroyed() || window.isVisible() ? hangs() : settle()), limit);
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
      expect(longest.load);
    });
    window.on('closed', settle);
    expect(longest.load);
    return {
      sent: () => expect(longest.paint),
      painted: () => {
        ill = false;
        settle();
      },
    };
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
