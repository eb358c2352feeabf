import { connect, type Socket } from 'node:net';
import { fail, type Result } from '#contract/errors.ts';
import { type FromScreen, type ToScreen, toScreen, type WindowKind } from '#contract/screen.ts';
import { createLineReader } from './lines.ts';

const backOff = 100;
/** Calls without an answer; more are refused at once, so that nobody fills the memory with held keys. */
const mostPending = 64;

export interface GuardLinkDeps {
  readonly socket: string;
  readonly hello: { readonly pid: number; readonly runtime: string };
  readonly onMessage: (message: Exclude<ToScreen, { kind: 'answer' }>) => void;
  readonly onConnected: () => void;
  /** The guard is gone: whatever it allowed has ended. */
  readonly onDisconnected: () => void;
  readonly report: (problem: string) => void;
}

export interface GuardLink {
  readonly send: (message: FromScreen) => void;
  readonly call: (window: WindowKind, name: string, request: unknown) => Promise<Result<Record<string, never>>>;
  readonly stop: () => void;
}

/** The one connection to the guard: JSON Lines, tried again for ever. */
export const createGuardLink = (deps: GuardLinkDeps): GuardLink => {
  let socket: Socket | null = null;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;
  let lastId = 0;
  const pending = new Map<number, (result: Result<Record<string, never>>) => void>();

  const write = (to: Socket, message: FromScreen): void => {
    to.write(`${JSON.stringify(message)}\n`);
  };

  const receive = (line: string): boolean => {
    let raw: unknown;
    try {
      raw = JSON.parse(line);
    } catch {
      return false;
    }
    const parsed = toScreen.safeParse(raw);
    if (!parsed.success) return false;
    if (parsed.data.kind === 'answer') {
      const answer = pending.get(parsed.data.id);
      pending.delete(parsed.data.id);
      answer?.(parsed.data.result as Result<Record<string, never>>);
    } else {
      deps.onMessage(parsed.data);
    }
    return true;
  };

  const open = (): void => {
    retry = null;
    const lines = createLineReader();
    let greeted = false;
    const current = connect(deps.socket);
    current.setEncoding('utf8');
    current.setNoDelay(true);
    current.on('connect', () => {
      greeted = true;
      socket = current;
      write(current, { kind: 'hello', ...deps.hello });
      deps.onConnected();
    });
    current.on('data', (text: string) => {
      for (const line of lines.push(text) ?? [null]) {
        if (current.destroyed) return;
        if (line === null || !receive(line)) {
          deps.report('the guard sent a line that the contract does not know');
          current.destroy();
          return;
        }
      }
    });
    current.on('error', () => undefined);
    current.on('close', () => {
      socket = null;
      for (const answer of pending.values()) answer(fail('INTERNAL'));
      pending.clear();
      if (greeted) deps.onDisconnected();
      if (!stopped) retry = setTimeout(open, backOff);
    });
  };

  open();
  return {
    send: (message) => {
      if (socket !== null) write(socket, message);
    },
    call: (window, name, request) => {
      if (socket === null || pending.size >= mostPending) return Promise.resolve(fail('INTERNAL'));
      lastId += 1;
      const id = lastId;
      const answered = new Promise<Result<Record<string, never>>>((resolve) => pending.set(id, resolve));
      write(socket, { kind: 'call', id, window, name, request });
      return answered;
    },
    stop: () => {
      stopped = true;
      if (retry !== null) clearTimeout(retry);
      socket?.destroy();
    },
  };
};
