import { type AfterEvents, type AfterEventsDeps, startAfterEvents } from './after-events.ts';
import type { Lane } from './store/database.ts';
import { sumEvents } from './store/event-sums.ts';
import { settledSeq } from './store/log-lines.ts';

export interface SummingDeps extends AfterEventsDeps {
  readonly background: Lane;
  /** Waits, between two portions of which one took so long (milliseconds), for what is more urgent. */
  readonly giveWay: (took: number) => Promise<void>;
}

/** Lines of one transaction. */
const usualPortion = 20_000;

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

/** Counts lines as they come. */
export const startSumming = async (deps: SummingDeps): Promise<Pick<AfterEvents, 'run' | 'close'>> => {
  let closed = false;
  const { run, close } = await startAfterEvents(deps, {
    work: () => sumAll(deps, () => closed),
    gathering: 1000,
    anyway: 10_000,
    putOff: 'counting lines of the log was put off',
  });
  return {
    run,
    close() {
      closed = true;
      return close();
    },
  };
};
