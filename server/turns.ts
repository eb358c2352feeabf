/** Lets so many in at a time; others wait in the order in which they came. */
export interface Turns {
  /** Waits for a turn, which is given back once `over` resolves; who is over by then has none. */
  take(over: Promise<void>): Promise<void>;
}

export const createTurns = (atOnce: number): Turns => {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const pass = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    take: async (over) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      void over.then(pass);
    },
  };
};
