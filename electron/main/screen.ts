import type { PowerMonitor, WebContents } from 'electron';
import type { FromScreen, ToScreen, View, WindowKind } from '#contract/screen.ts';
import type { ConsoleWindow } from './console-window.ts';
import { type CoverState, covered, endLease, leaseLeft, takeCover, takeLease } from './cover.ts';
import type { GuardLink } from './guard-link.ts';
import type { SettingsStore } from './settings.ts';
import type { Windows } from './windows.ts';

const idleInterval = 1000;

export interface ScreenDeps {
  readonly settings: SettingsStore;
  readonly consoleWindow: ConsoleWindow;
  readonly power: Pick<PowerMonitor, 'getSystemIdleTime'>;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly getLink: () => GuardLink;
}

export interface Screen {
  readonly getFrame: () => { readonly view: View; readonly settings: ReturnType<SettingsStore['get']> };
  /** Joins the windows, once they exist. */
  readonly attach: (windows: Windows) => void;
  readonly take: (message: Exclude<ToScreen, { kind: 'answer' }>) => void;
  readonly connected: () => void;
  /** Covers at once: the connection is gone, or the workstation sleeps. */
  readonly disconnected: () => void;
  readonly sleep: () => void;
  readonly changeSettings: (part: Parameters<SettingsStore['change']>[0]) => void;
  readonly pageReady: (page: WebContents) => void;
  readonly pagePainted: (page: WebContents, window: WindowKind, number: number) => void;
  readonly displaysChanged: () => void;
}

/** Shown while nobody says what to show. Number 0 is no number of the guard's, so its painting is not reported. */
const waitingView: View = {
  number: 0,
  cover: true,
  terminal: '',
  helpdesk: '',
  online: false,
  offlineUntil: null,
  clockWrong: false,
  diskFull: false,
  ways: [],
  picture: { kind: 'not-ready', why: 'starting' },
};

/** Joins link, lease and windows: shows what the guard says, and covers when it says nothing. */
export const createScreen = (deps: ScreenDeps): Screen => {
  let cover: CoverState = covered;
  let view = waitingView;
  let newest = 0;
  let windows: Windows | null = null;
  let leaseTimer: NodeJS.Timeout | null = null;
  let idleTimer: NodeJS.Timeout | null = null;
  let told: string | null = null;

  const isLeased = (): boolean => leaseLeft(cover, deps.monotonic()) > 0;
  const send = (message: FromScreen): void => deps.getLink().send(message);

  const reportCover = (always: boolean): void => {
    if (windows === null) return;
    const state: FromScreen = { kind: 'cover-state', lock: cover.lock, ...windows.count() };
    const text = JSON.stringify(state);
    if (!always && text === told) return;
    told = text;
    send(state);
  };

  const watchIdle = (open: boolean): void => {
    if (open && idleTimer === null) {
      idleTimer = setInterval(() => send({ kind: 'idle', seconds: deps.power.getSystemIdleTime() }), idleInterval);
    } else if (!open && idleTimer !== null) {
      clearInterval(idleTimer);
      idleTimer = null;
    }
  };

  /** Brings windows, timers and console in line with lease and view. Open needs both. */
  const settle = (anew = false): void => {
    const leased = isLeased();
    if (leaseTimer !== null) clearTimeout(leaseTimer);
    leaseTimer = leased ? setTimeout(() => settle(), Math.ceil(leaseLeft(cover, deps.monotonic()))) : null;
    if (!leased) {
      cover = endLease(cover);
      deps.consoleWindow.close();
    }
    watchIdle(leased);
    const turned = windows?.setCovered(!leased || view.cover) ?? false;
    // A page that comes into sight paints again, so that what is reported as painted was seen.
    if (anew || turned) windows?.send();
    reportCover(false);
  };

  const show = (next: View): void => {
    view = next;
    settle(true);
  };

  const takeView = (next: View): void => {
    if (next.number <= newest) return;
    newest = next.number;
    show(next);
  };

  return {
    getFrame: () => ({ view, settings: deps.settings.get() }),
    attach: (created) => {
      windows = created;
      settle();
    },
    take: (message) => {
      switch (message.kind) {
        case 'view':
          return takeView(message.view);
        case 'lease':
          cover = takeLease(cover, message, deps.monotonic());
          return settle();
        case 'cover':
          cover = takeCover(cover, message);
          settle();
          return reportCover(true);
        case 'open-console':
          if (isLeased()) void deps.consoleWindow.open(message);
          return;
        case 'close-console':
          return deps.consoleWindow.close();
        case 'ping':
          return send({ kind: 'pong', id: message.id });
      }
    },
    connected: () => {
      newest = 0;
      told = null;
      reportCover(true);
    },
    disconnected: () => {
      cover = covered;
      show({ ...waitingView, terminal: view.terminal, helpdesk: view.helpdesk });
    },
    sleep: () => {
      cover = endLease(cover);
      settle();
    },
    changeSettings: (part) => {
      deps.settings.change(part);
      windows?.send();
    },
    pageReady: (page) => windows?.send(page),
    pagePainted: (page, window, number) => {
      windows?.painted(page);
      const looksAt = isLeased() && !view.cover ? window === 'badge' : window !== 'badge';
      if (number > 0 && looksAt) send({ kind: 'painted', number, window });
    },
    displaysChanged: () => reportCover(false),
  };
};
