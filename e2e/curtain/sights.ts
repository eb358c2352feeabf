/** An opening of the desktop, as the journal has it; times are epoch milliseconds. */
export interface Opening {
  readonly at: number;
  readonly session: string | null | undefined;
  /** When its session was locked again. */
  readonly lockedAt: number | null;
}

/** The journal's clock and the probes' may differ by as much (milliseconds). */
export const clockError = 50;
/** Within this time after a lock nothing of the desktop is seen any more, also where it was just being opened (milliseconds). */
const coveredWithin = 2_500;

/**
 * The first sight of the desktop that has no opening of its own: one that was written before it and whose session was not
 * locked before it. Sights and openings in the order of their times.
 */
export function findUnvouched(sights: readonly number[], openings: readonly Opening[]): number | null {
  let next = 0;
  for (const seen of sights) {
    const found = openings.findIndex(
      ({ at, lockedAt }, index) =>
        index >= next && at <= seen + clockError && (lockedAt === null || seen <= lockedAt + coveredWithin),
    );
    if (found === -1) return seen;
    next = found + 1;
  }
  return null;
}
