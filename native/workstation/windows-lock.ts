import type { HookedKey, Win32 } from './win32.ts';

/** What becomes of the session of whoever sits here, as Windows tells it (WM_WTSSESSION_CHANGE). */
export type SessionChange = 'locked' | 'unlocked' | 'logged-on' | 'logged-off' | 'connected' | 'disconnected';

export interface WindowsLockDeps {
  readonly win32: Win32;
  readonly onSession: (change: SessionChange) => void;
  /** What an engineer reads. */
  readonly report: (problem: string) => void;
}

/** The lock of Windows itself, below whatever this product shows. */
export interface WindowsLock {
  /** True once Windows says that it is locked. Where it does not say so in time, the session is sent to the login screen. */
  lock(): Promise<boolean>;
  /** No way out of a full window by keys, until it is let go. Ctrl+Alt+Del cannot be held by anybody. */
  holdKeys(): () => void;
  stop(): void;
}

/** WM_WTSSESSION_CHANGE and its reasons (winuser.h). */
const sessionMessage = 0x02b1;
const changes: Readonly<Record<number, SessionChange>> = {
  1: 'connected',
  2: 'disconnected',
  3: 'connected',
  4: 'disconnected',
  5: 'logged-on',
  6: 'logged-off',
  7: 'locked',
  8: 'unlocked',
};
/** A hook that is not run within LowLevelHooksTimeout (300 ms at least) is taken away without a word. */
const turnEvery = 5;
const lockedWithin = 2_000;

/** Virtual keys (winuser.h). */
const keys = { tab: 0x09, escape: 0x1b, space: 0x20, f4: 0x73, left: 0x5b, right: 0x5c, apps: 0x5d };
const control = 0x11;
const altIsDown = 0x20;

/** Whether a key would lead away from a full window: task switcher, start menu, window menu, closing, task manager. */
export function leadsAway({ key, flags }: HookedKey, isDown: (key: number) => boolean): boolean {
  const alt = (flags & altIsDown) !== 0;
  if (key === keys.left || key === keys.right || key === keys.apps) return true;
  if (alt && [keys.tab, keys.escape, keys.space, keys.f4].includes(key)) return true;
  return key === keys.escape && isDown(control);
}

/** Runs the messages of this thread, so it belongs into a process that does nothing else. */
export function createWindowsLock({ win32, onSession, report }: WindowsLockDeps): WindowsLock {
  const waiting = new Set<() => void>();
  let held = 0;
  if (!win32.openSessionWindow()) report(`sessions are not told: error ${win32.lastError()}`);

  const turn = setInterval(() => {
    for (let next = win32.takeMessage(); next !== undefined; next = win32.takeMessage()) {
      const change = next.number === sessionMessage ? changes[next.wParam] : undefined;
      if (change === undefined) continue;
      if (change === 'locked') for (const done of [...waiting]) done();
      onSession(change);
    }
  }, turnEvery);

  const untilLocked = (): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (locked: boolean) => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve(locked);
      };
      const done = () => end(true);
      const timer = setTimeout(() => end(false), lockedWithin);
      waiting.add(done);
    });

  return {
    async lock() {
      const locked = untilLocked();
      if (!win32.lockWorkStation()) report(`LockWorkStation was refused: error ${win32.lastError()}`);
      if (await locked) return true;
      report('Windows did not lock in time: the session is disconnected');
      if (!win32.disconnectSession()) report(`WTSDisconnectSession was refused: error ${win32.lastError()}`);
      return false;
    },
    holdKeys() {
      held += 1;
      if (held === 1 && !win32.hookKeyboard(leadsAway)) report(`keys are not held: error ${win32.lastError()}`);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        held -= 1;
        if (held === 0) win32.unhookKeyboard();
      };
    },
    stop() {
      clearInterval(turn);
      if (held > 0) win32.unhookKeyboard();
      win32.closeSessionWindow();
    },
  };
}
