/** Collects how to stop what was started; stops in reverse order, each once, and reports every failure. */
export function createStops(): { add(stop: () => Promise<void> | void): void; stop(): Promise<void> } {
  const stops: (() => Promise<void> | void)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    async stop() {
      const failures: unknown[] = [];
      for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
        try {
          await next();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
    },
  };
}
