import { type Cover, type Lease, leaseRenewal, longestLease } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import type { Moment } from '#core/login/state.ts';

export interface LeaseDeps {
  readonly send: (message: Lease | Cover) => void;
  readonly now: () => Moment;
  /** Milliseconds since the machine was switched on, with the time that it slept. */
  readonly upTime: () => number;
  /** The lease ran out, because this process was held up or the machine slept: it is not renewed but ended. */
  readonly onLapsed: () => void;
}

/** Keeps the desktop shown. It begins only where the machine says so and ends with everything that can go wrong. */
export interface LeaseKeeper {
  begin(lock: LockId): void;
  /** Ends the lease and tells the cover which lock it holds now. */
  cover(lock: LockId): void;
  isHeld(): boolean;
  /** Sends the next lease now, if one is held. */
  renew(): void;
  stop(): void;
}

export function createLeaseKeeper(deps: LeaseDeps): LeaseKeeper {
  // Above what an earlier run of this process can have sent, so that no cover takes an old lease for a new one.
  let sequence = Math.floor(deps.now());
  let timer: NodeJS.Timeout | undefined;

  let renewNow = () => {};

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    renewNow = () => {};
  };
  return {
    begin(lock) {
      stop();
      let endsAt = deps.upTime() + longestLease;
      const renew = () => {
        if (deps.upTime() >= endsAt) {
          stop();
          return deps.onLapsed();
        }
        endsAt = deps.upTime() + longestLease;
        deps.send({ kind: 'lease', lock, sequence: ++sequence, milliseconds: longestLease });
      };
      renew();
      renewNow = renew;
      timer = setInterval(renew, leaseRenewal);
    },
    cover(lock) {
      stop();
      deps.send({ kind: 'cover', lock });
    },
    isHeld: () => timer !== undefined,
    renew: () => renewNow(),
    stop,
  };
}
