import type { PersonSummary } from '#contract/api/people.ts';
import type { Assurance } from '#contract/card.ts';
import type { Outcome } from '#contract/errors.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { usableFactors } from '#core/policy/factors.ts';
import type { ServerDeps } from '../deps.ts';
import { createNetworks } from '../networks.ts';
import type { TapFacts } from '../store/taps.ts';

/** Whom to greet and what to ask for, or why nothing opens, for the log alone. */
export type Judged =
  | {
      readonly ok: true;
      readonly person: PersonSummary;
      readonly factors: readonly [AskedFactor, ...AskedFactor[]];
      readonly all: boolean;
    }
  | { readonly ok: false; readonly reason: string; readonly outcome: Outcome; readonly rule: string | null };

export const no = (reason: string, rule: string | null = null): Extract<Judged, { ok: false }> => ({
  ok: false,
  reason,
  outcome: 'minor',
  rule,
});

export interface ToJudge extends Pick<TapFacts, 'group' | 'factors'> {
  readonly person: PersonSummary;
  readonly assurance: Assurance;
  readonly address: string;
  /** Whether a single-use secret may stand for a PIN that nobody has chosen yet. */
  readonly mayChoosePin: boolean;
}

/** What policy asks of this person, here and now. */
export const createJudge =
  (deps: Pick<ServerDeps, 'policy' | 'policies'>) =>
  ({ person, group, factors: known, assurance, address, mayChoosePin }: ToJudge, now: number): Judged => {
    if (person.state !== 'active') return no('person-suspended');
    const initial = known.find(({ kind }) => kind === 'initial');
    const usable = usableFactors(known, deps.policy().tries, now);
    const mayBegin =
      mayChoosePin &&
      initial !== undefined &&
      !initial.disabled &&
      (initial.expiresAt ?? 0) > now &&
      (initial.lockedUntil ?? 0) <= now;
    const isIn = createNetworks(address);
    const decision = deps.policies.decide({ roles: person.roles, group, assurance, isIn, at: now, usable });
    if (decision.kind === 'refuse') {
      if (mayBegin && decision.reason === 'no-usable-factor')
        return { ok: true, person, factors: ['initial'], all: false };
      return no(decision.reason, decision.rule);
    }
    const { all } = decision;
    return { ok: true, person, factors: mayBegin && !all ? [...decision.factors, 'initial'] : decision.factors, all };
  };
