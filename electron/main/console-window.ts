import { BrowserWindow, type Rectangle, type Session, session as sessions, type WebContents } from 'electron';
import type { Language, ToScreen } from '#contract/screen.ts';
import { isWithin } from './address.ts';
import { isVouchedFor } from './certificate.ts';
import { enterConsole } from './console-entry.ts';
import { allowOnly, denyPowers, strictPreferences } from './hardening.ts';
import { letZoom } from './zoom.ts';

type OpenConsole = Extract<ToScreen, { kind: 'open-console' }>;

/** As large as it is good to work in, where the display has the room. */
const wanted = { width: 1280, height: 860 };
/** What covers all of a display is a lock screen to `native/curtain/mirror.c`; a window manager puts something around it. */
const margin = 16;

export interface ConsoleWindow {
  readonly open: (request: OpenConsole) => Promise<void>;
  readonly close: () => void;
  /** The origin within which this page may move; `undefined` for pages that are not the console. */
  readonly originOf: (page: WebContents) => string | undefined;
}

export interface ConsoleWindowDeps {
  readonly now: () => number;
  /** Language that this terminal shows. */
  readonly language: () => Language;
  /** Where a window has room. */
  readonly area: () => Rectangle;
  readonly report: (problem: string) => void;
}

/**
 * The console of the server in a window of this terminal: no preload, a partition in memory that ends with the window,
 * one origin, and certificates of one authority. The ticket is spent by a POST from here and is never part of an address.
 */
export const createConsoleWindow = (deps: ConsoleWindowDeps): ConsoleWindow => {
  const origins = new WeakMap<WebContents, string>();
  let window: BrowserWindow | null = null;
  let opened = 0;

  const prepare = (origin: string, authority: string): Session => {
    opened += 1;
    const session = sessions.fromPartition(`console-${opened}`, { cache: false });
    const host = new URL(origin).hostname;
    denyPowers(session);
    allowOnly(session, (address) => isWithin(address, origin));
    session.setCertificateVerifyProc((request, answer) => {
      const own = request.hostname === host.replace(/^\[|\]$/g, '');
      answer(own && isVouchedFor(request.certificate, host, authority, deps.now()) ? 0 : -2);
    });
    return session;
  };

  const close = (): void => {
    const ended = window;
    window = null;
    if (ended === null || ended.isDestroyed()) return;
    const { session } = ended.webContents;
    ended.destroy();
    void session.clearStorageData().catch(() => undefined);
  };

  const signIn = async (session: Session, { origin, ticket, authority }: OpenConsole): Promise<void> => {
    for (const { name, value } of await enterConsole(origin, ticket, authority)) {
      await session.cookies.set({
        url: origin,
        name,
        value,
        path: '/',
        secure: true,
        httpOnly: true,
        sameSite: 'strict',
      });
    }
  };

  return {
    open: async (request) => {
      close();
      const { origin } = new URL(request.origin);
      const session = prepare(origin, request.authority);
      const { width, height } = deps.area();
      const created = new BrowserWindow({
        show: false,
        width: Math.min(wanted.width, width - 2 * margin),
        height: Math.min(wanted.height, height - 2 * margin),
        autoHideMenuBar: true,
        title: 'Kazasu',
        backgroundColor: '#f4f7fa',
        webPreferences: { ...strictPreferences, session },
      });
      window = created;
      origins.set(created.webContents, origin);
      letZoom(created.webContents);
      created.on('closed', () => {
        if (window === created) window = null;
      });
      try {
        await signIn(session, { ...request, origin });
        if (created.isDestroyed()) return;
        await created.loadURL(`${origin}/console/#language=${deps.language()}`);
        if (!created.isDestroyed()) created.show();
      } catch (problem) {
        deps.report(`console window: ${problem instanceof Error ? problem.message : String(problem)}`);
        if (window === created) close();
      }
    },
    close,
    originOf: (page) => origins.get(page),
  };
};
