import type { Logger } from 'pino';
import type { Database } from './store/database.ts';

export interface AfterEventsDeps {
  readonly database: Pick<Database, 'listen'>;
  readonly log: Logger;
}

/** What is done again and again, once lines were written. */
export interface Repeated {
  readonly work: () => Promise<void>;
  /** Lines are gathered for so long before the work begins (milliseconds). */
  readonly gathering: number;
  /** It begins without being told as well (milliseconds). */
  readonly anyway: number;
  /** What the server's own log says when the work failed; it is tried again at the next occasion. */
  readonly putOff: string;
}

export interface AfterEvents {
  /** Resolves when the work was done once more; it never rejects. */
  run(): Promise<void>;
  /** Nothing begins any more by itself; resolves when what was under way has ended. */
  close(): Promise<void>;
}

/** Does a work whenever lines were written to the log, by whichever process; one at a time. */
export const startAfterEvents = async (
  { database, log }: AfterEventsDeps,
  { work, gathering, anyway, putOff }: Repeated,
): Promise<AfterEvents> => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  const run = (): Promise<void> => {
    running = running.then(work).catch((problem: unknown) => {
      if (!closed) log.warn({ err: problem }, putOff);
    });
    return running;
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void run();
    }, gathering);
  };
  const deafen = await database.listen('changed', (payload) => {
    if ((payload as { what?: unknown } | null)?.what === 'events') soon();
  });
  const regular = setInterval(soon, anyway);
  soon();
  return {
    run,
    async close() {
      closed = true;
      clearInterval(regular);
      clearTimeout(timer);
      await deafen();
      await running;
    },
  };
};
