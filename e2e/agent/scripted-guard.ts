import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/** What the screen sends, as it came over the socket. */
export interface FromScreenLine {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** Members of a view that a script gives; the rest is filled in. */
export interface ScriptedView {
  readonly picture: { readonly kind: string; readonly [member: string]: unknown };
  readonly cover?: boolean;
  readonly online?: boolean;
  readonly clockWrong?: boolean;
  readonly diskFull?: boolean;
  readonly offlineUntil?: number | null;
  readonly ways?: readonly string[];
  readonly cue?: string;
}

export interface ScriptedGuard {
  readonly received: readonly FromScreenLine[];
  /** The first line from `from` on that fits; waits for it at most `within` milliseconds. */
  readonly waitFor: (
    fits: (line: FromScreenLine) => boolean,
    options?: { from?: number; within?: number },
  ) => Promise<FromScreenLine>;
  readonly connected: () => Promise<void>;
  readonly send: (message: object) => void;
  readonly sendRaw: (text: string) => void;
  /** Sends a view with the next number and gives that number. */
  readonly show: (view: ScriptedView) => number;
  readonly cover: (lock?: string) => string;
  readonly lease: (milliseconds?: number, change?: object) => void;
  /** Keeps the lease fresh, as the real guard does, until the returned function is called. */
  readonly keepOpen: () => () => void;
  /** Ends the connection, as a dying guard does, and takes no new one until `listen`. */
  readonly hangUp: () => Promise<void>;
  readonly listen: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A guard that does what a test says: it speaks the socket's lines and decides nothing by itself. */
export const createScriptedGuard = async (path: string): Promise<ScriptedGuard> => {
  const received: FromScreenLine[] = [];
  const waiting = new Set<() => void>();
  let socket: Socket | null = null;
  let number = 0;
  let sequence = 0;
  let lock = randomUUID() as string;

  const server = createServer((connection) => {
    socket = connection;
    number = 0;
    let rest = '';
    connection.setEncoding('utf8');
    connection.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as FromScreenLine;
        received.push(message);
        if (message.kind === 'call') send({ kind: 'answer', id: message['id'], result: { ok: true, value: {} } });
      }
      for (const look of [...waiting]) look();
    });
    connection.on('error', () => undefined);
    connection.on('close', () => {
      if (socket === connection) socket = null;
    });
  });
  const sendRaw = (text: string): void => void socket?.write(text);
  const send = (message: object): void => sendRaw(`${JSON.stringify(message)}\n`);
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      rmSync(path, { force: true });
      server.once('error', reject);
      server.listen(path, resolve);
    });
  await listen();

  const waitFor: ScriptedGuard['waitFor'] = (fits, { from = 0, within = 15_000 } = {}) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = received.slice(from).find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`nothing fits ${fits.toString()} in: ${JSON.stringify(received.slice(from))}`));
      }, within);
      waiting.add(look);
      look();
    });

  const hangUp = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      socket?.destroy();
    });
  const lease: ScriptedGuard['lease'] = (milliseconds = 2000, change = {}) => {
    sequence += 1;
    send({ kind: 'lease', lock, sequence, milliseconds, ...change });
  };

  return {
    received,
    waitFor,
    connected: async () => {
      const from = received.findLastIndex((line) => line.kind === 'hello');
      await waitFor((line) => line.kind === 'hello', { from: Math.max(0, from) });
    },
    send,
    sendRaw,
    show: (view) => {
      number += 1;
      const cover = view.cover ?? view.picture.kind !== 'open';
      send({
        kind: 'view',
        view: {
          ...{
            number,
            terminal: '3東病棟-05',
            helpdesk: '2119',
            online: true,
            clockWrong: false,
            diskFull: false,
            offlineUntil: null,
            ways: [],
          },
          ...view,
          cover,
        },
      });
      return number;
    },
    cover: (named = randomUUID()) => {
      lock = named;
      sequence = 0;
      send({ kind: 'cover', lock });
      return lock;
    },
    lease,
    keepOpen: () => {
      lease();
      const renewal = setInterval(() => lease(), 500);
      return () => clearInterval(renewal);
    },
    hangUp,
    listen,
    stop: async () => {
      await hangUp().catch(() => undefined);
      rmSync(path, { force: true });
    },
  };
};
