import { DatabaseAway, isDeadlock } from './store/database.ts';

/** Gathers what comes while others of its kind are under way and has it done in one go. */
export interface Batch<Item, Outcome> {
  add(item: Item): Promise<Outcome>;
  /** Resolves when nothing waits and nothing is under way; what waits begins. */
  settled(): Promise<void>;
}

export interface BatchDeps<Item, Outcome> {
  /** Answers an outcome for each item, in their order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  /** Items that share a key never run at the same time: they would get in each other's way. */
  readonly keysOf?: (item: Item) => readonly string[];
  /** Runs that may be under way at once. */
  readonly lanes: number;
  readonly largest?: number;
  /** Lanes beyond the first are for what has waited so long already (milliseconds): one run that hangs holds up nothing. */
  readonly spareAfter?: number;
  /** Milliseconds that an item waits for others to come; asked when the first one comes. */
  readonly gather?: () => number;
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly keys: readonly string[];
  readonly since: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (problem: unknown) => void;
}

/**
 * With little to do each item runs at once and alone. When more comes than the lanes carry, or where items wait for each
 * other in any case (`gather`), runs grow, and the database has one statement and one commit for all of them.
 */
export const createBatch = <Item, Outcome>(deps: BatchDeps<Item, Outcome>): Batch<Item, Outcome> => {
  const { run, keysOf = () => [], lanes, largest = 64, gather = () => 0, spareAfter = 0 } = deps;
  let waiting: Waiting<Item, Outcome>[] = [];
  const held = new Set<string>();
  let running = 0;
  let idle: (() => void)[] = [];
  let asked = false;
  let spare: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;

  /** As many of those who wait as may run now, the first ones first. */
  const take = (): Waiting<Item, Outcome>[] => {
    const taken: Waiting<Item, Outcome>[] = [];
    const left: Waiting<Item, Outcome>[] = [];
    for (const one of waiting) {
      if (taken.length >= largest || one.keys.some((key) => held.has(key))) {
        left.push(one);
        continue;
      }
      for (const key of one.keys) held.add(key);
      taken.push(one);
    }
    waiting = left;
    return taken;
  };

  const perform = async (taken: readonly Waiting<Item, Outcome>[]): Promise<void> => {
    try {
      const outcomes = await run(taken.map(({ item }) => item));
      for (const [place, { resolve }] of taken.entries()) resolve(outcomes[place] as Outcome);
    } catch (problem) {
      // One of them may have spoilt it for the others: each gets a run of its own, unless it was the database.
      const isAway = problem instanceof DatabaseAway && !isDeadlock(problem);
      if (taken.length === 1 || isAway) for (const { reject } of taken) reject(problem);
      else for (const one of taken) await perform([one]);
    }
  };

  /** Milliseconds until those who wait may have another lane. */
  const untilSpare = (): number =>
    running === 0 ? 0 : spareAfter - (performance.now() - (waiting[0]?.since ?? performance.now()));

  const pump = (): void => {
    asked = false;
    clearTimeout(spare);
    clearTimeout(gathering);
    while (running < lanes && waiting.length > 0) {
      const left = untilSpare();
      if (left > 0) {
        spare = setTimeout(pump, left);
        return;
      }
      const taken = take();
      if (taken.length === 0) return;
      running += 1;
      void perform(taken).then(() => {
        running -= 1;
        for (const { keys } of taken) for (const key of keys) held.delete(key);
        if (!asked) pump();
        if (running > 0 || waiting.length > 0) return;
        for (const resolve of idle) resolve();
        idle = [];
      });
    }
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, keys: keysOf(item), since: performance.now(), resolve, reject });
        if (asked) return;
        asked = true;
        const patience = gather();
        // What comes with the same turn of the event loop goes together in any case.
        if (patience < 1) setImmediate(pump);
        else gathering = setTimeout(pump, patience);
      }),
    settled: () => {
      if (running === 0 && waiting.length === 0) return Promise.resolve();
      setImmediate(pump);
      return new Promise((resolve) => idle.push(resolve));
    },
  };
};
