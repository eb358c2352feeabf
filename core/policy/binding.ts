import type { FourEyesAct, Policy } from '#contract/policy.ts';

/** What is known of somebody whose card or secret is to be bound anew. */
export interface BindingFacts {
  /** Whether the person has logged in or signed in, or may have long ago: until then they are still being enrolled. */
  readonly usesFactors: boolean;
  /**
   * Whether the person is at this very terminal, logged in there by two factors a moment ago, or asks for themself at a
   * console where they signed in a moment ago: who comes upon an open console gets no factors of its owner.
   */
  readonly isPresent: boolean;
}

/**
 * The act that a second person has to approve before a factor is bound to somebody; `null`: none has to. A clerk alone
 * never gets a working pair of factors of somebody who already uses theirs (HHS/HC3 on help desk calls; ASVS 6.4.4).
 */
export function approvalForBinding(policy: Pick<Policy, 'fourEyes'>, facts: BindingFacts): FourEyesAct | null {
  const act = facts.usesFactors ? 'rebinding' : 'first-binding';
  if (!policy.fourEyes.includes(act)) return null;
  return act === 'rebinding' && facts.isPresent ? null : act;
}
