import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { CurtainState, FromCurtain, ToCurtain } from '#contract/curtain.ts';
import { until } from '../world.ts';

/** A guard for curtains that does what a test says. */
export interface ScriptedGuard {
  readonly received: readonly FromCurtain[];
  /** The newest state of each curtain that is connected. */
  states(): (CurtainState | undefined)[];
  /** Names a lock, or a new one, and ends every lease. */
  cover(lock?: string): string;
  lease(milliseconds?: number, change?: Partial<Extract<ToCurtain, { kind: 'lease' }>>): void;
  /** Keeps the lease fresh until `cover`, `freeze` or the end. */
  open(): void;
  /** Says nothing any more, as one that hangs. */
  freeze(): void;
  send(message: object | string): void;
  /** Two curtains cover for the present lock, and one holds keyboard and pointer. */
  covered(within?: number): Promise<void>;
  /** Dies and comes back only with `listen`. */
  hangUp(): Promise<void>;
  listen(): Promise<void>;
  stop(): Promise<void>;
}

/** False also for one that nobody has buried yet. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

export async function createScriptedGuard(path: string): Promise<ScriptedGuard> {
  const received: FromCurtain[] = [];
  const curtains = new Map<Socket, { pid?: number; state?: CurtainState }>();
  let lock: string = randomUUID();
  let sequence = 0;
  let renewal: NodeJS.Timeout | undefined;

  const line = (message: object): string => `${JSON.stringify(message)}\n`;
  const send: ScriptedGuard['send'] = (message) => {
    for (const socket of curtains.keys()) socket.write(typeof message === 'string' ? message : line(message));
  };
  const nextLease = (milliseconds = 2_000, change = {}): object => {
    sequence += 1;
    return { kind: 'lease', lock, sequence, milliseconds, ...change };
  };
  const server = createServer((socket) => {
    const curtain: { pid?: number; state?: CurtainState } = {};
    curtains.set(socket, curtain);
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines) {
        const message = JSON.parse(each) as FromCurtain;
        received.push(message);
        if (message.kind === 'curtain-state') curtain.state = message;
        if (message.kind !== 'curtain-hello') continue;
        curtain.pid = message.pid;
        socket.write(line({ kind: 'cover', lock }) + (renewal === undefined ? '' : line(nextLease())));
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => curtains.delete(socket));
  });
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      rmSync(path, { force: true });
      server.once('error', reject);
      server.listen(path, resolve);
    });
  await listen();

  const freeze = (): void => {
    clearInterval(renewal);
    renewal = undefined;
  };
  /** What is left of a killed one may still be on its way. */
  const states = (): (CurtainState | undefined)[] =>
    [...curtains.values()].filter(({ pid }) => pid !== undefined && isAlive(pid)).map(({ state }) => state);
  const hangUp = (): Promise<void> =>
    new Promise((resolve) => {
      freeze();
      server.close(() => resolve());
      for (const socket of curtains.keys()) socket.destroy();
    });
  return {
    received,
    states,
    send,
    freeze,
    cover(named = randomUUID()) {
      freeze();
      lock = named;
      send({ kind: 'cover', lock });
      return lock;
    },
    lease: (milliseconds, change) => send(nextLease(milliseconds, change)),
    open() {
      freeze();
      send(nextLease());
      renewal = setInterval(() => send(nextLease()), 500);
    },
    covered: async (within = 5_000) => {
      await until(
        `two curtains cover and one holds: ${JSON.stringify(states())}`,
        () =>
          states().length === 2 &&
          states().every((state) => state?.covered === true && state.lock === lock) &&
          states().filter((state) => state?.held).length === 1,
        within,
      );
    },
    hangUp,
    listen,
    stop: async () => {
      await hangUp().catch(() => undefined);
      rmSync(path, { force: true });
    },
  };
}
