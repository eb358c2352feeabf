import { judgeTries, reserveTry } from '#core/policy/tries.ts';
import { createBatch } from '../batch.ts';
import type { ServerDeps } from '../deps.ts';
import { countTries, lookUpProofs, type ProofFacts, type ProofToLookUp, type TryToCount } from '../store/proofs.ts';
import type { FactorFacts } from '../store/taps.ts';
import type { Ticket } from './ticket.ts';

/** A try that is counted and may now look at the secret. */
export interface ReservedTry {
  readonly factor: FactorFacts;
  /** As stored; not trusted to be whole. */
  readonly secret: unknown;
  /** Wrong tries in a row with this one, of this factor and of all of the person's factors. */
  readonly failures: number;
  readonly allFailures: number;
}

export type Reserved =
  | { readonly kind: 'reserved'; readonly try: ReservedTry }
  /** The attempt is over. */
  | { readonly kind: 'ended'; readonly state: 'accepted' | 'refused' | 'abandoned' }
  | { readonly kind: 'card' | 'person' | 'absent' | 'locked' };

/** Far more than tries of one factor can be under way at once. */
const mostRounds = 500;

/**
 * Counts a try before its secret is looked at: reads where attempt and factor stand, decides by the rules, and has the
 * count written if nothing changed meanwhile; else it begins again. However many come at once, on however many servers,
 * each counts by itself and no more than the limit get through.
 */
export const createReserve = (deps: Pick<ServerDeps, 'logins' | 'now' | 'policy'>) => {
  const lookUps = createBatch<ProofToLookUp, ProofFacts>({
    lanes: 2,
    run: (proofs) => lookUpProofs(deps.logins, proofs),
  });
  const counts = createBatch<TryToCount, Awaited<ReturnType<typeof countTries>>[number]>({
    lanes: 3,
    keysOf: ({ known }) => [known.id],
    run: (tries) => countTries(deps.logins, tries),
  });

  return async (ticket: Ticket, kind: string): Promise<Reserved> => {
    for (let round = 0; round < mostRounds; round += 1) {
      const facts = await lookUps.add({ ticket, kind });
      const { attempt, card, person, factor, others } = facts;
      if (attempt !== null && attempt !== 'open') return { kind: 'ended', state: attempt };
      if (card !== 'active') return { kind: 'card' };
      if (person !== 'active') return { kind: 'person' };
      const now = deps.now().getTime();
      if (factor === null || (factor.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return { kind: 'absent' };
      const { tries: rules } = deps.policy();
      // Guesses at one factor do not buy further guesses at another one beyond the limit for both.
      if (judgeTries({ ...factor, failures: factor.failures + others }, rules, now) === 'disabled') {
        return { kind: 'locked' };
      }
      const next = reserveTry(factor, rules, now);
      if (next === undefined) return { kind: 'locked' };
      const { failures, lockedUntil } = next;
      const counted = await counts.add({ ticket, known: factor, others, failures, lockedUntil });
      if (counted === undefined) continue;
      return { kind: 'reserved', try: { factor, secret: counted.secret, failures, allFailures: failures + others } };
    }
    throw new Error('a try was never counted');
  };
};
