import type { Role } from '#contract/api/row.ts';
import type { Assurance } from '#contract/card.ts';
import type { TerminalPolicy } from '#contract/policy.ts';

/** What a terminal keeps of somebody's last login there with the server. Times by the server's clock, epoch milliseconds. */
export interface OfflineFacts {
  readonly roles: readonly Role[];
  readonly assurance: Assurance;
  readonly loginAt: number;
  /** Wrong or unfinished tries in a row since then, without the server. */
  readonly failures: number;
}

export type OfflineRules = TerminalPolicy['offline'];
export type OfflineVerdict = 'allowed' | 'role' | 'assurance' | 'too-old' | 'locked';

/** However long a policy may say. */
export const longestOffline = 30 * 24 * 3_600_000;

/** Until when a login of this time lets its person in without the server. */
export const offlineUntil = (loginAt: number, { hours }: Pick<OfflineRules, 'hours'>): number =>
  loginAt + Math.min(hours * 3_600_000, longestOffline);

/** Whether somebody may be let in at a time that is known to be no earlier than `now`. */
export function judgeOffline(facts: OfflineFacts, rules: OfflineRules, now: number): OfflineVerdict {
  if (!facts.roles.some((role) => rules.roles.includes(role))) return 'role';
  if (!rules.assurance.includes(facts.assurance)) return 'assurance';
  if (now >= offlineUntil(facts.loginAt, rules) || now < facts.loginAt) return 'too-old';
  return facts.failures >= rules.tries ? 'locked' : 'allowed';
}
