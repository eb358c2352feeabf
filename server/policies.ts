import type { Policy, PolicyInput } from '#contract/policy.ts';
import { policy as policySchema } from '#contract/policy.ts';
import { createDecider, type Decision, type Situation } from '#core/policy/decide.ts';
import { findPolicyProblems, merge, policyOf } from '#core/policy/profiles.ts';
import type { Database } from './store/database.ts';
import { getPolicyNumber, tryGetNewestPolicy } from './store/policies.ts';

/** The policy in force on this server process. */
export interface Policies {
  readonly active: () => Policy;
  /** Number of its version; 0 while nobody has put one in force. */
  readonly number: () => number;
  readonly decide: (situation: Situation) => Decision;
  /** A policy as it would be in force here: with what the environment pins. */
  readonly pin: (policy: Policy) => Policy;
  /** Paths that the environment pins. */
  readonly pinned: () => readonly string[];
  /** Looks whether another version is in force by now. */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PoliciesDeps {
  readonly database: Database;
  /** Values that an operator pins in the environment of the server. */
  readonly pinned: PolicyInput;
  readonly report: (problem: unknown) => void;
}

/** Refuses to start on pinned values that the profile does not allow. */
export class PolicyProblems extends Error {}

export const createPolicies = async ({ database, pinned, report }: PoliciesDeps): Promise<Policies> => {
  const pin = (policy: Policy): Policy => policySchema.parse(merge(policy, pinned));
  const load = async () => {
    const newest = await tryGetNewestPolicy(database);
    const policy = pin(newest?.document ?? policyOf(pinned.profile ?? 'jp-mhlw-6.0'));
    return { number: newest?.number ?? 0, policy, decide: createDecider(policy) };
  };
  let current = await load();
  const problems = findPolicyProblems(current.policy);
  if (problems.length > 0) {
    throw new PolicyProblems(
      [
        'The policy cannot be in force:',
        ...problems.map(({ path, rule, clause }) => `  ${path}: ${rule}${clause ? ` (${clause})` : ''}`),
      ].join('\n'),
    );
  }

  const refresh = async (): Promise<void> => {
    if ((await getPolicyNumber(database)) !== current.number) current = await load();
  };
  const refreshSoon = (): void => void refresh().catch(report);
  const stop = await database.listen(
    'pushed',
    (payload) => {
      if ((payload as { pushed?: { kind?: string } }).pushed?.kind === 'policy') refreshSoon();
    },
    refreshSoon,
  );
  return {
    active: () => current.policy,
    number: () => current.number,
    decide: (situation) => current.decide(situation),
    pin,
    pinned: () => pathsOf(pinned),
    refresh,
    close: stop,
  };
};

const pathsOf = (value: object, above = ''): string[] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? pathsOf(inner, `${above}${name}.`)
      : [`${above}${name}`],
  );
