import type { Policy } from '#contract/policy.ts';

/** Wrong or unfinished tries in a row of one factor of one person. Times in epoch milliseconds. */
export interface Tries {
  readonly failures: number;
  readonly lockedUntil: number | null;
  readonly disabled: boolean;
}

export type TryRules = Pick<Policy['tries'], 'soft' | 'hard' | 'lockSeconds' | 'longestLockMinutes'>;
export type TryVerdict = 'allowed' | 'locked' | 'disabled';

export function judgeTries(tries: Tries, rules: Pick<TryRules, 'hard'>, now: number): TryVerdict {
  if (tries.disabled || tries.failures >= rules.hard) return 'disabled';
  return tries.lockedUntil !== null && tries.lockedUntil > now ? 'locked' : 'allowed';
}

/** Length in milliseconds of the lock after so many wrong tries in a row: each is twice the one before, up to the longest. */
export function lockLength(failures: number, rules: TryRules): number {
  const earlier = Math.max(0, Math.floor(failures / rules.soft) - 1);
  return Math.min(rules.lockSeconds * 1000 * 2 ** Math.min(earlier, 30), rules.longestLockMinutes * 60_000);
}

/**
 * The state in which a try is *reserved*, before the secret is looked at: the failure is counted and the lock that it
 * would bring is in force already, so that however many come at once no more than the limit reach the secret.
 * A correct secret resets all of it. After the lock has passed, `soft` further tries are allowed, up to `hard` in all
 * (SP 800-63B-4 3.2.2: growing delays, at most 100 in a row).
 */
export function reserveTry(tries: Tries, rules: TryRules, now: number): Tries | undefined {
  if (judgeTries(tries, rules, now) !== 'allowed') return undefined;
  const failures = tries.failures + 1;
  return {
    failures,
    lockedUntil: failures % rules.soft === 0 ? now + lockLength(failures, rules) : null,
    disabled: failures >= rules.hard,
  };
}

/**
 * The state after wrong tries that were made elsewhere, each at its time: they bring the locks that they would have brought
 * here, from then on. They alone never disable a factor: whoever tells of them saw no more than a wrong secret. Nor do they
 * bring more than `most` in a row.
 */
export function countElsewhere(
  tries: Tries,
  rules: TryRules,
  madeAt: readonly number[],
  most: number = rules.hard,
): Tries {
  let { failures, lockedUntil } = tries;
  for (const at of madeAt) {
    if (failures >= Math.min(most, rules.hard - 1)) break;
    failures += 1;
    const until = failures % rules.soft === 0 ? at + lockLength(failures, rules) : 0;
    if (until > (lockedUntil ?? 0)) lockedUntil = until;
  }
  return { failures, lockedUntil, disabled: tries.disabled };
}

/** How many tries remain before the factor locks, after `failures` in a row. */
export function triesLeft(failures: number, rules: Pick<TryRules, 'soft' | 'hard'>): number {
  if (failures >= rules.hard) return 0;
  const used = failures % rules.soft;
  if (failures > 0 && used === 0) return 0;
  return Math.min(rules.soft - used, rules.hard - failures);
}

/** Wrong tries in a row at one terminal, of whomever, and when the last one was (epoch milliseconds). */
export interface TerminalTries {
  readonly failures: number;
  readonly lastAt: number;
}

/**
 * Until when a terminal pauses (epoch milliseconds). Whoever stands at one terminal with many cards in hand, or many
 * identifiers, can lock few people at a time and none for long; a right proof there ends the count, and an hour without
 * a wrong one.
 */
export function terminalPausedUntil(
  tries: TerminalTries,
  rules: Pick<Policy['tries'], 'terminal' | 'terminalPauseSeconds'>,
  now: number,
): number {
  const over = tries.failures - rules.terminal;
  if (over < 0 || now - tries.lastAt > forgetAfter) return 0;
  return tries.lastAt + Math.min(2 ** Math.min(over, 10), rules.terminalPauseSeconds) * 1000;
}

const forgetAfter = 3_600_000;

/** The count after one more wrong try there. */
export const countAtTerminal = (tries: TerminalTries, now: number): TerminalTries => ({
  failures: now - tries.lastAt > forgetAfter ? 1 : tries.failures + 1,
  lastAt: now,
});
