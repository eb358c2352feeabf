import { type Cover, type Lease, longestLease } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';

/**
 * Locked is the absence of a fresh lease.
 *
 *   covered ── lease of this lock, growing sequence ──► open until received + milliseconds
 *      ▲                                                   │
 *      └── time over · `cover` · connection lost ◄─────────┘
 *
 * Times are milliseconds of one monotonic clock that the caller reads.
 */
export interface CoverState {
  /** The lock that the next lease must carry; `null` before the guard has named one. */
  readonly lock: LockId | null;
  readonly sequence: number;
  readonly endsAt: number | null;
}

export const covered: CoverState = { lock: null, sequence: 0, endsAt: null };

/** Takes a lease, or leaves the state as it is when the lease is not for this lock or not newer than the last. */
export const takeLease = (state: CoverState, lease: Lease, now: number): CoverState => {
  if (state.lock === null || lease.lock !== state.lock || lease.sequence <= state.sequence) return state;
  return { lock: state.lock, sequence: lease.sequence, endsAt: now + Math.min(lease.milliseconds, longestLease) };
};

/** Ends every lease. Sequences of the same lock go on growing, so an old lease never counts twice. */
export const takeCover = (state: CoverState, cover: Cover): CoverState => ({
  lock: cover.lock,
  sequence: cover.lock === state.lock ? state.sequence : 0,
  endsAt: null,
});

/** Ends the lease and keeps the lock: sleep, a lease that is over. */
export const endLease = (state: CoverState): CoverState => ({ ...state, endsAt: null });

/** Milliseconds of lease that are left; 0 is covered. */
export const leaseLeft = (state: CoverState, now: number): number =>
  state.endsAt === null ? 0 : Math.max(0, Math.min(state.endsAt - now, longestLease));
