/**
 * Counts by key within a fixed window. Bounded: when too many keys are known, the oldest window is forgotten. What is to be
 * looked at is taken before and put back if it was right, so that however many come at once no more than the limit are.
 */
export const createLimit = ({ tries, everyMs, keys = 10_000 }: { tries: number; everyMs: number; keys?: number }) => {
  const windows = new Map<string, { since: number; count: number }>();
  const current = (key: string, now: Date) => {
    const known = windows.get(key);
    return known !== undefined && Math.abs(now.getTime() - known.since) < everyMs ? known : undefined;
  };
  const allows = (key: string, now: Date): boolean => (current(key, now)?.count ?? 0) < tries;
  const count = (key: string, now: Date): void => {
    const known = current(key, now) ?? { since: now.getTime(), count: 0 };
    windows.delete(key);
    windows.set(key, { ...known, count: known.count + 1 });
    const oldest = windows.keys().next();
    if (windows.size > keys && !oldest.done) windows.delete(oldest.value);
  };
  return {
    allows,
    count,
    tryTake: (key: string, now: Date): boolean => {
      if (!allows(key, now)) return false;
      count(key, now);
      return true;
    },
    putBack: (key: string, now: Date): void => {
      const known = current(key, now);
      if (known !== undefined) known.count = Math.max(0, known.count - 1);
    },
  };
};
