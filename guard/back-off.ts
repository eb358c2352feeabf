export interface BackOff {
  /** Milliseconds to wait before the next try: doubled each time up to `longest`, half of it by chance. */
  next(): number;
  reset(): void;
}

/** Chance spreads the terminals of a hospital when all of them lose the server at once. */
export function createBackOff(options: { first: number; longest: number; random?: () => number }): BackOff {
  const random = options.random ?? Math.random;
  let tries = 0;
  return {
    next() {
      const full = Math.min(options.longest, options.first * 2 ** Math.min(tries, 20));
      tries += 1;
      return full / 2 + (full / 2) * random();
    },
    reset() {
      tries = 0;
    },
  };
}

/** Waits, or returns early when the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
