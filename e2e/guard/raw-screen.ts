import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Picture, ToScreen, View, WindowKind } from '#contract/screen.ts';

/** A screen without windows: it speaks the contract over the guard's socket, and remembers what it was told. */
export interface RawScreen {
  readonly socket: Socket;
  /** Every message of the guard with the time at which it came (performance.now()). */
  readonly heard: readonly { readonly message: ToScreen; readonly at: number }[];
  say(message: object): void;
  call(name: string, request?: object, window?: WindowKind): void;
  press(keys: readonly string[]): void;
  /** Waits for a new view with this picture. */
  shows<Kind extends Picture['kind']>(
    kind: Kind,
    within?: number,
  ): Promise<View & { picture: Extract<Picture, { kind: Kind }> }>;
  /** Whether the desktop shows at this moment: under a lease that is fresh. */
  isOpen(): boolean;
  close(): void;
}

export interface RawScreenOptions {
  /** Whether it says by itself that it covers when it is told to; true when left out. */
  readonly covers?: boolean;
  /** Is told every message of the guard as it comes. */
  readonly hear?: ((message: ToScreen) => void) | undefined;
}

export async function joinScreen(path: string, options: RawScreenOptions = {}): Promise<RawScreen> {
  const covers = options.covers ?? true;
  const socket = await connectSoon(path);
  const heard: { message: ToScreen; at: number }[] = [];
  let view: View | undefined;
  let openUntil = 0;
  const say = (message: object) => void socket.write(`${JSON.stringify(message)}\n`);
  let calls = 0;

  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const message = JSON.parse(line) as ToScreen;
    heard.push({ message, at: performance.now() });
    options.hear?.(message);
    if (message.kind === 'view') {
      view = message.view;
      say({ kind: 'painted', number: view.number, window: view.cover ? 'lock' : 'badge' });
    } else if (message.kind === 'lease') {
      openUntil = performance.now() + message.milliseconds;
      say({ kind: 'idle', seconds: 0 });
    } else if (message.kind === 'cover') {
      openUntil = 0;
      if (covers) say({ kind: 'cover-state', lock: message.lock, covered: true, displays: 1 });
    } else if (message.kind === 'ping') say({ kind: 'pong', id: message.id });
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    openUntil = 0;
  });
  const call: RawScreen['call'] = (name, request = {}, window = 'lock') =>
    say({ kind: 'call', id: ++calls, window, name, request });

  return {
    socket,
    heard,
    say,
    call,
    press: (keys) => {
      for (const key of keys) call('login/press', { key });
    },
    async shows(kind, within = 5_000) {
      const end = performance.now() + within;
      while (view?.picture.kind !== kind) {
        if (performance.now() > end)
          throw new Error(`Waited for ${kind} in vain; it shows ${JSON.stringify(view?.picture)}`);
        await delay(5);
      }
      return view as never;
    },
    isOpen: () => performance.now() < openUntil,
    close: () => socket.destroy(),
  };
}

/** A connection on which the guard speaks; one that it closes at once, because it is just starting, is tried again. */
async function connectSoon(path: string): Promise<Socket> {
  for (let tries = 0; ; tries += 1) {
    const socket = connect(path);
    const heard = await new Promise<boolean>((resolve) => {
      socket.once('connect', () =>
        socket.write(`${JSON.stringify({ kind: 'hello', pid: process.pid, runtime: 'test' })}\n`),
      );
      socket.once('readable', () => resolve(socket.readableLength > 0));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      // A guard that hangs takes connections, too.
      socket.setTimeout(5_000, () => resolve(false));
    });
    socket.setTimeout(0);
    if (heard) return socket;
    socket.destroy();
    if (tries === 500) throw new Error(`No guard answers on ${path}`);
    await delay(20);
  }
}
