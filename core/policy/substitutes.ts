import type { Role } from '#contract/api/row.ts';
import type { Policy } from '#contract/policy.ts';

/** From when, until when and how often something stands for somebody's card. Times in epoch milliseconds. */
export interface SubstituteTerms {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly mostUses: number;
}

export interface SubstituteFacts extends SubstituteTerms {
  readonly uses: number;
}

export type SubstituteVerdict = 'in-force' | 'not-begun' | 'time' | 'uses';

/** Whether a substitute that nobody ended may be used now. The end itself is not within. */
export function judgeSubstitute(facts: SubstituteFacts, now: number): SubstituteVerdict {
  if (now >= facts.endsAt) return 'time';
  if (facts.uses >= facts.mostUses) return 'uses';
  return now < facts.startsAt ? 'not-begun' : 'in-force';
}

export interface AskedTerms {
  readonly startsAt?: number | undefined;
  readonly hours?: number | undefined;
  readonly uses?: number | undefined;
}

/** How far ahead a substitute may be issued: for a shift that begins tomorrow. */
const longestAhead = 24 * 3_600_000;

/** What helpdesk asked for, within the policy; undefined when it is beyond it. What was not asked for is the policy's. */
export function substituteTerms(
  rules: Pick<Policy['substitutes'], 'hours' | 'uses'>,
  asked: AskedTerms,
  now: number,
): SubstituteTerms | undefined {
  const { hours = rules.hours, uses = rules.uses } = asked;
  // A start that has passed is now: nothing is stretched by it.
  const startsAt = Math.max(now, asked.startsAt ?? now);
  if (hours > rules.hours || uses > rules.uses || startsAt - now > longestAhead) return undefined;
  return { startsAt, endsAt: startsAt + hours * 3_600_000, mostUses: uses };
}

/** When a session ends that was opened now: at its own limit, or with what opened it. */
export const sessionEnd = (now: number, minutes: number, endsAt: number | null): number =>
  Math.min(now + minutes * 60_000, endsAt ?? Number.POSITIVE_INFINITY);

/** What is left of somebody's roles where no more than a clinician's rights are given: never one more than they have. */
export const clinicianRights = (roles: readonly Role[]): Role[] => roles.filter((role) => role === 'clinician');
