import type { Logger } from 'pino';
import type { Database } from '../store/database.ts';
import { createSequencer, type Sequencer, type SequencerDeps } from './sequencer.ts';

/** Lines are gathered for so long before they are placed and signed (milliseconds): a checkpoint at least every second. */
const gathering = 400;
/** Looked without being told (milliseconds). */
const anyway = 5000;

/** Places lines as they come. */
export const startSequencer = async (
  deps: SequencerDeps & { readonly database: Pick<Database, 'listen'>; readonly log: Logger },
): Promise<Sequencer & { close(): Promise<void> }> => {
  const sequencer = createSequencer(deps);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  const run = (): Promise<void> => {
    running = running.then(sequencer.run).catch((problem: unknown) => {
      if (!closed) deps.log.warn({ err: problem }, 'placing lines of the log was put off');
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
    halted: sequencer.halted,
    async close() {
      closed = true;
      clearInterval(regular);
      clearTimeout(timer);
      await deafen();
      await run();
      deps.seen.close();
    },
  };
};
