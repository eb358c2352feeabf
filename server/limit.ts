/** Counts by key within a fixed window. Bounded: when too many keys are known, the oldest window is forgotten. */
export const createLimit = ({ tries, everyMs, keys = 10_000 }: { tries: number; everyMs: number; keys?: number }) => {
  const windows = new Map<string, { since: number; count: number }>();
  const current = (key: string, now: Date) => {
    const known = windows.get(key);
    return known !== undefined && Math.abs(now.getTime() - known.since) < everyMs ? known : undefined;
  };
  return {
    allows: (key: string, now: Date): boolean => (current(key, now)?.count ?? 0) < tries,
    count: (key: string, now: Date): void => {
      const known = current(key, now) ?? { since: now.getTime(), count: 0 };
      windows.delete(key);
      windows.set(key, { ...known, count: known.count + 1 });
      const oldest = windows.keys().next();
      if (windows.size > keys && !oldest.done) windows.delete(oldest.value);
    },
  };
};
