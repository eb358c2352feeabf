import type { BrowserWindowConstructorOptions, Display, Rectangle, Screen, Session, WebContents } from 'electron';
import { BrowserWindow } from 'electron';
import type { Frame, Settings, View, WindowKind } from '#contract/screen.ts';
import { pageHost, pageProtocol } from './address.ts';
import { strictPreferences } from './hardening.ts';
import type { Watch, Watchdog } from './watchdog.ts';

/** The channel from main to a page: one `Frame` after another. */
const frameChannel = 'kazasu/frame';
/** How often a page that a person sees is asked to paint, so that one that hangs is known before somebody waits for it. */
const lookEvery = 2000;
/** What shows where a page has not painted yet. */
const brandColour = '#08192b';

const badgeSizes = {
  plain: { width: 440, height: 92 },
  console: { width: 600, height: 92 },
  warning: { width: 660, height: 400 },
} as const;
type BadgeForm = keyof typeof badgeSizes;

const badgeFormOf = ({ picture }: View): BadgeForm => {
  if (picture.kind !== 'open') return 'plain';
  if (picture.locksAt !== undefined) return 'warning';
  return picture.mayOpenConsole ? 'console' : 'plain';
};

const badgeMargin = 16;

/** The lock window on a desk, where it is one window among others, one of them beside it. */
const deskSize = { width: 1120, height: 800 };
const deskMargin = 24;
const deskBeside = 340;
/** What a window manager may put around a window. */
const deskFrame = 32;

const deskBounds = ({ workArea: area }: Display): Rectangle => ({
  x: area.x + deskMargin,
  y: area.y + deskMargin,
  width: Math.min(deskSize.width, Math.max(800, area.width - 2 * deskMargin - deskBeside)),
  height: Math.min(deskSize.height, area.height - 2 * deskMargin - deskFrame),
});

interface Entry {
  readonly kind: WindowKind;
  readonly window: BrowserWindow;
  readonly watch: Watch;
  /** True once the page has asked for its first frame. */
  ready: boolean;
}

export interface WindowsDeps {
  readonly screen: Screen;
  readonly session: Session;
  readonly preload: string;
  readonly watchdog: Watchdog;
  /** Ordinary windows that cover nothing: for a person who develops or tries Kazasu on a desk of their own. */
  readonly windowed: boolean;
  readonly getFrame: () => { readonly view: View; readonly settings: Settings };
  /** Something moved, appeared or vanished: whether every display is covered may have changed. */
  readonly changed: () => void;
  readonly report: (problem: string) => void;
}

export interface Windows {
  readonly find: (page: WebContents) => WindowKind | undefined;
  /** Shows or hides the windows; true when this changed something. */
  readonly setCovered: (covered: boolean) => boolean;
  /** Sends the present frame to every page, or to the one that asks for its first. */
  readonly send: (to?: WebContents) => void;
  readonly painted: (page: WebContents) => void;
  readonly count: () => { readonly covered: boolean; readonly displays: number };
  readonly stop: () => void;
}

const contains = (outer: Rectangle, inner: Rectangle): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

/** On X11 without a window manager, Chromium makes a window of exactly the display's size one pixel too small. */
const overlap = (bounds: Rectangle): Rectangle => ({ ...bounds, width: bounds.width + 1, height: bounds.height + 1 });

/** The text of an error on a page's console. Before version 35 Electron gives level and text as arguments. */
const describeConsoleError = ([event, level, text]: readonly unknown[]): string | undefined => {
  const told = event as { readonly level?: unknown; readonly message?: unknown };
  if (told.level !== 'error' && level !== 3) return undefined;
  return String(told.message ?? text).slice(0, 400);
};

/** One full window on every display while covered; the badge alone while open. */
export const createWindows = (deps: WindowsDeps): Windows => {
  const byDisplay = new Map<number, Entry>();
  let lock: Entry | null = null;
  let badge: Entry | null = null;
  let covered = true;
  let badgeForm: BadgeForm | null = null;
  let stopped = false;
  /** The badge is made after the first picture of the lock: its page would hold that picture up. */
  let lockHasPainted = false;

  const entries = (): Entry[] => [lock, ...byDisplay.values(), badge].filter((entry) => entry !== null);
  const findEntry = (page: WebContents): Entry | undefined =>
    entries().find((entry) => entry.window.webContents === page);

  const sendTo = (entry: Entry, number?: number): void => {
    if (!entry.ready || entry.window.isDestroyed()) return;
    const frame: Frame = { window: entry.kind, ...deps.getFrame() };
    entry.window.webContents.send(
      frameChannel,
      number === undefined ? frame : { ...frame, view: { ...frame.view, number } },
    );
    if (entry.window.isVisible()) entry.watch.sent();
  };

  const create = (kind: WindowKind, options: BrowserWindowConstructorOptions, forget: () => void): Entry => {
    const window = new BrowserWindow({
      show: false,
      frame: deps.windowed,
      alwaysOnTop: !deps.windowed,
      skipTaskbar: !deps.windowed,
      minimizable: false,
      maximizable: false,
      hasShadow: false,
      title: 'Kazasu',
      backgroundColor: brandColour,
      ...options,
      webPreferences: {
        ...strictPreferences,
        session: deps.session,
        preload: deps.preload,
        backgroundThrottling: false,
        autoplayPolicy: 'no-user-gesture-required',
      },
    });
    if (!deps.windowed) {
      window.setAlwaysOnTop(true, 'screen-saver');
      window.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
    }
    const entry: Entry = { kind, window, watch: deps.watchdog.watch(window, kind), ready: false };
    window.webContents.on('preload-error', (_event, _path, error) => deps.report(`${kind}: ${error.message}`));
    window.webContents.on('did-fail-load', (_event, code, text) => deps.report(`${kind}: ${text} (${code})`));
    window.webContents.on('console-message', (...told: unknown[]) => {
      const error = describeConsoleError(told);
      if (error !== undefined) deps.report(`${kind}: ${error}`);
    });
    // A page can end its own window, whatever `close` handlers say: it is made anew.
    window.on('closed', () => {
      forget();
      if (stopped) return;
      arrange();
      deps.watchdog.repaired(`${kind} window`);
    });
    void window.loadURL(`${pageProtocol}//${pageHost}/${kind}`).catch(() => undefined);
    return entry;
  };

  const createFull = (kind: 'lock' | 'cover', display: Display, forget: () => void): Entry => {
    const entry = create(
      kind,
      deps.windowed
        ? { ...deskBounds(display), fullscreenable: false }
        : {
            ...overlap(display.bounds),
            kiosk: true,
            resizable: false,
            movable: false,
            enableLargerThanScreen: true,
            focusable: kind === 'lock',
          },
      forget,
    );
    for (const moved of ['show', 'hide', 'resize', 'move'] as const) entry.window.on(moved as 'show', deps.changed);
    if (kind === 'lock') {
      entry.window.on('blur', () => {
        if (covered && !stopped) setImmediate(() => focusLock());
      });
    }
    return entry;
  };

  const focusLock = (): void => {
    if (deps.windowed || !covered || lock === null || lock.window.isDestroyed() || lock.window.isFocused()) return;
    lock.window.moveTop();
    lock.window.focus();
  };

  const spread = (entry: Entry, bounds: Rectangle): void => {
    const { window } = entry;
    if (contains(window.getBounds(), bounds) && contains(overlap(bounds), window.getBounds())) return;
    window.setKiosk(false);
    window.setBounds(overlap(bounds));
    window.setKiosk(true);
  };

  const appear = (entry: Entry, bounds: Rectangle): void => {
    // It is made anew as soon as its `closed` has been heard.
    if (entry.window.isDestroyed()) return;
    if (covered && deps.windowed) {
      if (!entry.window.isVisible()) entry.window.showInactive();
    } else if (covered) {
      spread(entry, bounds);
      if (!entry.window.isVisible()) entry.window.show();
      spread(entry, bounds);
      entry.window.moveTop();
    } else if (entry.window.isVisible()) {
      entry.window.hide();
    }
  };

  const arrangeBadge = (): void => {
    if (stopped || badge === null || badge.window.isDestroyed()) return;
    if (covered) return badge.window.hide();
    const form = badgeFormOf(deps.getFrame().view);
    if (form !== badgeForm) {
      badgeForm = form;
      const area = deps.screen.getPrimaryDisplay().workArea;
      const wanted = badgeSizes[form];
      const [width, height] = [Math.min(wanted.width, area.width), Math.min(wanted.height, area.height)];
      // The warning stands in the middle; the badge lies in the corner that patient software uses least.
      const share = form === 'warning' ? 0.5 : 1;
      const margin = form === 'warning' ? 0 : badgeMargin;
      const x = Math.round(area.x + (area.width - width) * share - margin);
      const y = Math.round(area.y + (area.height - height) * share - margin);
      badge.window.setBounds({ x, y, width, height });
    }
    if (!badge.window.isVisible()) badge.window.showInactive();
    if (!deps.windowed) badge.window.moveTop();
  };

  /** Makes the windows that the displays need, ends those that they do not, and shows or hides them. */
  const arrange = (): void => {
    if (stopped) return;
    const primary = deps.screen.getPrimaryDisplay();
    const others = deps.windowed ? [] : deps.screen.getAllDisplays().filter((display) => display.id !== primary.id);
    lock ??= createFull('lock', primary, () => {
      lock = null;
    });
    appear(lock, primary.bounds);
    for (const display of others) {
      const entry = byDisplay.get(display.id) ?? createFull('cover', display, () => byDisplay.delete(display.id));
      byDisplay.set(display.id, entry);
      appear(entry, display.bounds);
    }
    for (const [id, entry] of byDisplay) {
      if (others.some((display) => display.id === id)) continue;
      byDisplay.delete(id);
      entry.window.removeAllListeners('closed');
      entry.window.destroy();
    }
    if (!covered || lockHasPainted)
      badge ??= create('badge', { ...badgeSizes.plain, resizable: false, fullscreenable: false }, () => {
        badge = null;
        badgeForm = null;
      });
    arrangeBadge();
    focusLock();
    deps.changed();
  };

  for (const event of ['display-added', 'display-removed', 'display-metrics-changed'] as const) {
    deps.screen.on(event as 'display-added', arrange);
  }
  arrange();
  // Number 0 is none of the guard's: it makes no sound again and is not reported as seen.
  const looking = setInterval(() => {
    for (const entry of entries()) if (!entry.window.isDestroyed() && entry.window.isVisible()) sendTo(entry, 0);
  }, lookEvery);

  return {
    find: (page) => findEntry(page)?.kind,
    setCovered: (wanted) => {
      if (wanted === covered) {
        arrangeBadge();
        return false;
      }
      covered = wanted;
      badgeForm = null;
      arrange();
      return true;
    },
    send: (to) => {
      for (const entry of entries()) {
        if (entry.window.webContents === to) entry.ready = true;
        if (to === undefined || entry.window.webContents === to) sendTo(entry);
      }
    },
    painted: (page) => {
      findEntry(page)?.watch.painted();
      if (lockHasPainted || page !== lock?.window.webContents) return;
      lockHasPainted = true;
      arrange();
    },
    count: () => {
      const displays = deps.screen.getAllDisplays();
      const visible = entries().filter(
        (entry) => entry.kind !== 'badge' && !entry.window.isDestroyed() && entry.window.isVisible(),
      );
      // Without covers there is nothing to wait for but the lock screen itself.
      const isCovered = (display: Display): boolean =>
        visible.some((entry) => deps.windowed || contains(entry.window.getBounds(), display.bounds));
      return { covered: displays.length > 0 && displays.every(isCovered), displays: displays.length };
    },
    stop: () => {
      stopped = true;
      clearInterval(looking);
      for (const entry of entries()) if (!entry.window.isDestroyed()) entry.window.destroy();
    },
  };
};
