import { type Cover, type Lease, leaseRenewal, longestLease } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import type { Moment } from '#core/login/state.ts';

export interface LeaseDeps {
  readonly send: (message: Lease | Cover) => void;
  readonly now: () => Moment;
}

/** Keeps the desktop shown. It begins only where the machine says so and ends with everything that can go wrong. */
export interface LeaseKeeper {
  begin(lock: LockId): void;
  /** Ends the lease and tells the cover which lock it holds now. */
  cover(lock: LockId): void;
  isHeld(): boolean;
  stop(): void;
}

export function createLeaseKeeper(deps: LeaseDeps): LeaseKeeper {
  // Above what an earlier run of this process can have sent, so that no cover takes an old lease for a new one.
  let sequence = Math.floor(deps.now());
  let timer: NodeJS.Timeout | undefined;

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    begin(lock) {
      stop();
      const renew = () => deps.send({ kind: 'lease', lock, sequence: ++sequence, milliseconds: longestLease });
      renew();
      timer = setInterval(renew, leaseRenewal);
    },
    cover(lock) {
      stop();
      deps.send({ kind: 'cover', lock });
    },
    isHeld: () => timer !== undefined,
    stop,
  };
}
