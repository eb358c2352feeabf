import type { Policy } from '#contract/policy.ts';
import type { SecretFactor } from '#contract/screen.ts';
import { judgeTries, type Tries } from './tries.ts';

export interface KnownFactor extends Tries {
  readonly kind: SecretFactor | 'password' | 'initial';
}

/** The order in which a terminal offers them: what needs no second device comes first. */
const order: readonly SecretFactor[] = ['pin', 'totp'];

/** The second factors that may be tried now at a terminal. A password is a factor of the console alone. */
export function usableFactors(
  known: readonly KnownFactor[],
  rules: Pick<Policy['tries'], 'hard'>,
  now: number,
): readonly SecretFactor[] {
  return order.filter((kind) =>
    known.some((factor) => factor.kind === kind && judgeTries(factor, rules, now) === 'allowed'),
  );
}
