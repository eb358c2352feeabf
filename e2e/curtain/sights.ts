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

/** A change of what a probe sees, by the machine's own clock in milliseconds. */
interface Change {
  readonly at: number;
  readonly red: boolean;
}

/** A curtain that was killed is gone for everybody after so long, on a busy machine (milliseconds). */
const noticedWithin = 500;
/** Its successor has heard of the lease by then: the longest one (milliseconds). */
const heardWithin = 2_000;

/**
 * Each time that the desktop came into sight. Not where it had been open and one of the curtains was killed: it covers then
 * until its successor has heard of the same lease.
 */
export function listSights(changes: readonly Change[], curtainsKilled: readonly number[]): number[] {
  const isSuccessor = ({ at: covered }: Change, shown: number): boolean =>
    shown - covered < heardWithin &&
    curtainsKilled.some((killed) => killed <= covered && covered - killed < noticedWithin);
  return changes.flatMap(({ at, red }, place) => {
    const before = changes[place - 1];
    return red && (before === undefined || before.red || !isSuccessor(before, at)) ? [at] : [];
  });
}
