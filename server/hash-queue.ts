/**
 * Lets few secrets be hashed at a time: each takes a core and 19 MiB, and what only reads must stay fast meanwhile.
 * A place is taken *before* a try is counted, so that whoever finds no place has lost no try.
 */
export interface HashQueue {
  /** Undefined when those who wait would keep a new one for more than about a second. */
  tryEnter(): Place | undefined;
  /** The same for what nobody waits for: undefined unless a core is free now. */
  tryEnterIdle(): Place | undefined;
  /** For so long a new one would wait for its turn, by what the last ones took (milliseconds). */
  wait(): number;
}

export interface Place {
  /** Waits for a turn. Once for each place. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Gives the place up, whether it was used or not. */
  leave(): void;
}

const longestWait = 1000;
const firstGuess = 60;

export function createHashQueue(parallel: number, clock: () => number = () => performance.now()): HashQueue {
  let places = 0;
  let running = 0;
  let usual = firstGuess;
  const waiting: (() => void)[] = [];

  const turn = async (): Promise<void> => {
    if (running < parallel) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const pass = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };

  const enter = (): Place => {
    places += 1;
    let left = false;
    return {
      async run(work) {
        await turn();
        const began = clock();
        try {
          return await work();
        } finally {
          usual += (clock() - began - usual) / 8;
          pass();
        }
      },
      leave() {
        if (!left) places -= 1;
        left = true;
      },
    };
  };

  return {
    tryEnter: () => ((places / parallel) * usual > longestWait ? undefined : enter()),
    wait: () => Math.max(0, places / parallel - 1) * usual,
    tryEnterIdle: () => (places < parallel ? enter() : undefined),
  };
}
