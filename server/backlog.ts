import { setTimeout as wait } from 'node:timers/promises';

/** Reports under way from which on terminals are bringing more than what happens at this moment. */
const many = 4;
/** Of the time meanwhile, what can wait takes one part in so many. */
const share = 10;
/** How often it is looked whether they are done (milliseconds). */
const look = 50;

/**
 * What terminals bring after a time without the server comes as fast as it can be stored. What takes the same cores and may
 * come later, the places in the log above all, gives way to it meanwhile, and never stops.
 */
export interface Backlog {
  /** Counts a report until it is stored. */
  during<Value>(storing: Promise<Value>): Promise<Value>;
  /** Called after a piece of work that took so long (milliseconds): resolves when the next one may begin. */
  giveWay(took: number): Promise<void>;
}

export const createBacklog = (): Backlog => {
  let underWay = 0;
  return {
    during: (storing) => {
      underWay += 1;
      return storing.finally(() => {
        underWay -= 1;
      });
    },
    giveWay: async (took) => {
      const until = performance.now() + took * (share - 1);
      while (underWay >= many && performance.now() < until) await wait(look);
    },
  };
};
