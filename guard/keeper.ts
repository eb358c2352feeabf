/** Keeps something on the disk as it is in memory: what could not be written is tried again until it holds. */
export interface Keeper {
  /** Something has changed. Resolves to true when that is durable, to false where this try has failed. */
  keep(): Promise<boolean>;
  /** Resolves to true when all that has changed until now is durable, to false where the keeper is stopped before. */
  settled(): Promise<boolean>;
  /** Resolves when the tries that were asked for are over, whatever came of them. */
  tried(): Promise<void>;
  /** Tries what does not hold once more, and ends. */
  stop(): Promise<void>;
}

export interface KeeperDeps {
  /** Writes what is so now. Throws where that cannot be. */
  readonly put: () => Promise<void>;
  readonly onFailed?: (error: unknown) => void;
  /** Milliseconds after which it is tried again. */
  readonly retryEvery?: number;
}

export function createKeeper({ put, onFailed, retryEvery = 2_000 }: KeeperDeps): Keeper {
  let changes = 0;
  let kept = 0;
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();
  /** Has not begun: it will see whatever changes until then. */
  let due: Promise<boolean> | undefined;
  let retrying: NodeJS.Timeout | undefined;
  let moved = Promise.withResolvers<void>();

  async function attempt(): Promise<boolean> {
    due = undefined;
    clearTimeout(retrying);
    const upTo = changes;
    try {
      await put();
    } catch (error) {
      onFailed?.(error);
      if (!stopped) retrying = setTimeout(begin, retryEvery);
      return false;
    }
    kept = upTo;
    wake();
    return true;
  }

  function begin(): Promise<boolean> {
    due ??= last.then(attempt);
    last = due;
    return due;
  }

  function wake(): void {
    moved.resolve();
    moved = Promise.withResolvers();
  }

  return {
    keep() {
      changes += 1;
      return begin();
    },
    async settled() {
      const upTo = changes;
      while (kept < upTo && !stopped) await moved.promise;
      return kept >= upTo;
    },
    async tried() {
      await last;
    },
    async stop() {
      stopped = true;
      await last;
      if (kept < changes) await begin();
      clearTimeout(retrying);
      wake();
    },
  };
}
