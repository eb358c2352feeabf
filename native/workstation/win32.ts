import koffi from 'koffi';

/** What a message of Windows carries, as far as it is looked at here. */
export interface Message {
  readonly number: number;
  readonly wParam: number;
}
/** KBDLLHOOKSTRUCT: the virtual key and its flags. */
export interface HookedKey {
  readonly key: number;
  readonly flags: number;
}

/** The few calls of Windows that a lock needs. Each tells whether it worked; why it did not is `lastError`. */
export interface Win32 {
  /** winuser.h: asks for the lock and does not wait for it. */
  lockWorkStation(): boolean;
  /** wtsapi32.h: the session that this process belongs to goes to the login screen. */
  disconnectSession(): boolean;
  /** A window that gets messages and is never seen, which hears of sessions (WTSRegisterSessionNotification). */
  openSessionWindow(): boolean;
  closeSessionWindow(): void;
  /** The next message that waits for this thread; undefined when none does. Hooks run in here. */
  takeMessage(): Message | undefined;
  /** WH_KEYBOARD_LL: `swallows` is asked for each key and must answer at once. */
  hookKeyboard(swallows: (key: HookedKey, isDown: (key: number) => boolean) => boolean): boolean;
  unhookKeyboard(): void;
  lastError(): number;
}

const hookKeyboardLow = 13;
const messageOnly = -3;
const removeMessage = 1;
const thisSessionOnly = 0;
/** WTS_CURRENT_SESSION: 0xffffffff as a signed number. */
const currentSession = -1;

/** Binds to Windows. Throws elsewhere. */
export function createWin32(): Win32 {
  const user = koffi.load('user32.dll');
  const terminal = koffi.load('wtsapi32.dll');
  const kernel = koffi.load('kernel32.dll');
  koffi.struct('POINT', { x: 'int32', y: 'int32' });
  koffi.struct('MSG', {
    window: 'void *',
    number: 'uint32',
    wParam: 'uintptr',
    lParam: 'intptr',
    time: 'uint32',
    point: 'POINT',
  });
  const keyType = koffi.struct('KBDLLHOOKSTRUCT', {
    key: 'uint32',
    scan: 'uint32',
    flags: 'uint32',
    time: 'uint32',
    extra: 'uintptr',
  });
  const hookType = koffi.proto('intptr __stdcall HookProc(int code, uintptr wParam, void *lParam)');

  const lockWorkStation = user.func('bool __stdcall LockWorkStation()');
  const getKeyState = user.func('int16 __stdcall GetAsyncKeyState(int key)');
  const createWindow = user.func(
    'void * __stdcall CreateWindowExW(uint32 extended, str16 name, str16 title, uint32 style, int x, int y, int width, int height, intptr parent, void *menu, void *instance, void *given)',
  );
  const destroyWindow = user.func('bool __stdcall DestroyWindow(void *window)');
  const peekMessage = user.func(
    'bool __stdcall PeekMessageW(_Out_ MSG *message, void *window, uint32 first, uint32 last, uint32 how)',
  );
  const setHook = user.func(
    'void * __stdcall SetWindowsHookExW(int kind, HookProc *hook, void *module, uint32 thread)',
  );
  const callNext = user.func('intptr __stdcall CallNextHookEx(void *hook, int code, uintptr wParam, void *lParam)');
  const unhook = user.func('bool __stdcall UnhookWindowsHookEx(void *hook)');
  const register = terminal.func('bool __stdcall WTSRegisterSessionNotification(void *window, uint32 flags)');
  const unregister = terminal.func('bool __stdcall WTSUnRegisterSessionNotification(void *window)');
  const disconnect = terminal.func('bool __stdcall WTSDisconnectSession(void *server, int32 session, bool wait)');
  const getLastError = kernel.func('uint32 __stdcall GetLastError()');

  let window: unknown = null;
  let hook: unknown = null;
  let callback: ReturnType<typeof koffi.register> | undefined;
  return {
    lockWorkStation: () => lockWorkStation() as boolean,
    disconnectSession: () => disconnect(null, currentSession, false) as boolean,
    openSessionWindow() {
      window = createWindow(0, 'Message', 'Kazasu', 0, 0, 0, 0, 0, messageOnly, null, null, null);
      return window !== null && (register(window, thisSessionOnly) as boolean);
    },
    closeSessionWindow() {
      if (window === null) return;
      unregister(window);
      destroyWindow(window);
      window = null;
    },
    takeMessage() {
      const message: Partial<Message> = {};
      if (!(peekMessage(message, null, 0, 0, removeMessage) as boolean)) return undefined;
      return { number: Number(message.number), wParam: Number(message.wParam) };
    },
    hookKeyboard(swallows) {
      const isDown = (key: number): boolean => (getKeyState(key) as number) < 0;
      callback = koffi.register((code: number, wParam: number, lParam: unknown) => {
        if (code === 0 && swallows(koffi.decode(lParam, keyType) as HookedKey, isDown)) return 1;
        return callNext(null, code, wParam, lParam);
      }, koffi.pointer(hookType));
      hook = setHook(hookKeyboardLow, callback, null, 0);
      return hook !== null;
    },
    unhookKeyboard() {
      if (hook !== null) unhook(hook);
      if (callback !== undefined) koffi.unregister(callback);
      hook = null;
      callback = undefined;
    },
    lastError: () => getLastError() as number,
  };
}
