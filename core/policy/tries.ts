import type { Policy } from '#contract/policy.ts';

/** Wrong or unfinished tries in a row of one factor of one person. Times in epoch milliseconds. */
export interface Tries {
  readonly failures: number;
  readonly lockedUntil: number | null;
  readonly disabled: boolean;
}

export type TryVerdict = 'allowed' | 'locked' | 'disabled';

export function judgeTries(tries: Tries, rules: Policy['tries'], now: number): TryVerdict {
  if (tries.disabled || tries.failures >= rules.hard) return 'disabled';
  return tries.lockedUntil !== null && tries.lockedUntil > now ? 'locked' : 'allowed';
}

/**
 * The state in which a try is *reserved*, before the secret is looked at: the failure is counted and the lock that it
 * would bring is in force already, so that however many come at once no more than the limit reach the secret.
 * A correct secret resets all of it. After the lock has passed, `soft` further tries are allowed, up to `hard` in all
 * (SP 800-63B-4 3.2.2).
 */
export function reserveTry(tries: Tries, rules: Policy['tries'], now: number): Tries | undefined {
  if (judgeTries(tries, rules, now) !== 'allowed') return undefined;
  const failures = tries.failures + 1;
  return {
    failures,
    lockedUntil: failures % rules.soft === 0 ? now + rules.lockMinutes * 60_000 : null,
    disabled: failures >= rules.hard,
  };
}

/** How many tries remain before the factor locks, after `failures` in a row. */
export function triesLeft(failures: number, rules: Policy['tries']): number {
  if (failures >= rules.hard) return 0;
  const used = failures % rules.soft;
  if (failures > 0 && used === 0) return 0;
  return Math.min(rules.soft - used, rules.hard - failures);
}
