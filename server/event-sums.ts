import type { Logger } from 'pino';
import type { Database, Lane } from './store/database.ts';
import { sumEvents } from './store/event-sums.ts';
import { settledSeq } from './store/log-lines.ts';

export interface SummingDeps {
  readonly background: Lane;
  readonly log: Logger;
  readonly database: Pick<Database, 'listen'>;
  /** Waits, between two portions of which one took so long (milliseconds), for what is more urgent. */
  readonly giveWay: (took: number) => Promise<void>;
}

/** Lines of one transaction. */
const usualPortion = 20_000;
/** Lines are gathered for so long before they are counted (milliseconds). */
const gathering = 1000;
/** Looked without being told (milliseconds). */
const anyway = 10_000;

/** Counts all lines that are written. Nothing is done while another process is at it. */
export const sumAll = async (
  { background, giveWay }: Pick<SummingDeps, 'background'> & Partial<Pick<SummingDeps, 'giveWay'>>,
  isStopped: () => boolean = () => false,
  portion = usualPortion,
): Promise<void> => {
  for (let more = true; more && !isStopped(); ) {
    const since = performance.now();
    // The number comes first: of lines below it none is written any more.
    const settled = await background.transaction(settledSeq);
    more = await background.transaction((tx) => sumEvents(tx, settled, portion));
    if (more) await giveWay?.(performance.now() - since);
  }
};

export interface Summing {
  /** Resolves when every line that is written is counted. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Counts lines as they come. */
export const startSumming = async (deps: SummingDeps): Promise<Summing> => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  const run = (): Promise<void> => {
    running = running
      .then(() => sumAll(deps, () => closed))
      .catch((problem: unknown) => {
        if (!closed) deps.log.warn({ err: problem }, 'counting lines of the log was put off');
      });
    return running;
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void run();
    }, gathering);
  };
  const deafen = await deps.database.listen('changed', (payload) => {
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
