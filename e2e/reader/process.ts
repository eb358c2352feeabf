import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type FromReader, fromReader, type ToReader } from '#contract/reader.ts';

export type Kind = FromReader['kind'];
export type Message<K extends Kind = Kind> = Extract<FromReader, { kind: K }>;

/** The product's reader process, started as the guard starts it. */
export interface ReaderProcess {
  readonly pid: number;
  /** Everything told so far, with the moment at which it arrived (performance.now()). */
  readonly told: readonly { readonly message: FromReader; readonly at: number }[];
  readonly logged: () => string;
  /** The next message of this kind that no earlier `next` has passed over; throws after the time (default 5 s). */
  next<K extends Kind>(kind: K, wanted?: (message: Message<K>) => boolean, milliseconds?: number): Promise<Message<K>>;
  /** Resolves when anything more is told; throws after the time. */
  changed(milliseconds: number): Promise<void>;
  send(message: ToReader): void;
  /** Closes the channel, as a guard that has died does; resolves with the exit code or signal. */
  disconnect(): Promise<number | string>;
  kill(): Promise<void>;
}

const entry = join(import.meta.dirname, '..', '..', 'native', 'reader', 'host.ts');

export function startReaderProcess(socket: string): ReaderProcess {
  const child = fork(entry, {
    env: { ...process.env, PCSCLITE_CSOCK_NAME: socket, UV_THREADPOOL_SIZE: '16' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const told: { message: FromReader; at: number }[] = [];
  let logged = '';
  let read = 0;
  let wake = () => {};
  child.stderr?.on('data', (text) => {
    logged += text;
  });
  child.on('message', (message) => {
    told.push({ message: fromReader.parse(message), at: performance.now() });
    wake();
  });
  const exited = once(child, 'exit');

  return {
    pid: child.pid ?? 0,
    told,
    logged: () => logged,
    async next<K extends Kind>(kind: K, wanted = (_: Message<K>) => true, milliseconds = 5_000) {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        wake();
      }, milliseconds);
      const before = read;
      try {
        for (;;) {
          for (; read < told.length; read++) {
            const message = told[read]?.message;
            if (message?.kind === kind && wanted(message as Message<K>)) {
              read += 1;
              return message as Message<K>;
            }
          }
          if (late) {
            const seen = told.slice(Math.min(before, told.length - 6)).map(({ message }) => JSON.stringify(message));
            throw new Error(`No ${kind} within ${milliseconds} ms, but:\n${seen.join('\n')}\n${logged}`);
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        clearTimeout(timer);
      }
    },
    async changed(milliseconds) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        timer = setTimeout(() => reject(new Error(`Nothing told within ${milliseconds} ms\n${logged}`)), milliseconds);
      }).finally(() => clearTimeout(timer));
    },
    send: (message) => child.send(message),
    async disconnect() {
      if (child.connected) child.disconnect();
      const [code, signal] = await exited;
      return code ?? signal;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
