import type { Logger } from 'pino';

/** Work that outlives the request that asked for it. `close` drops what has not begun and waits for what has. */
export const createLater = (log: Logger) => {
  const timers = new Set<NodeJS.Timeout>();
  const working = new Set<Promise<void>>();
  return {
    later: (delayMs: number, work: () => Promise<void>): void => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        const done = work()
          .catch((problem: unknown) => log.warn({ err: problem }, 'work after a request failed'))
          .finally(() => working.delete(done));
        working.add(done);
      }, delayMs);
      timers.add(timer);
    },
    close: async (): Promise<void> => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(working);
    },
  };
};
