import { judgeTries, reserveTry } from '#core/policy/tries.ts';
import { createBatch } from '../batch.ts';
import type { ServerDeps } from '../deps.ts';
import type { ProofOutcome } from '../store/proof-answers.ts';
import {
  countTogether,
  countTries,
  lookUpProofs,
  type ProofFacts,
  type ProofToLookUp,
  type TryToCount,
} from '../store/proofs.ts';
import type { FactorFacts } from '../store/taps.ts';
import type { Ticket } from './ticket.ts';

/** A try that is counted and may now look at the secret. */
export interface ReservedTry {
  readonly factor: FactorFacts;
  /** As stored; not trusted to be whole. */
  readonly secret: unknown;
  /** Wrong tries in a row with this one, of this factor and of all of the person's factors in force. */
  readonly failures: number;
  readonly allFailures: number;
  /** It was counted when it came before. */
  readonly again: boolean;
}

export type Reserved =
  | { readonly kind: 'reserved'; readonly try: ReservedTry }
  /** The same proof came before and has its answer. */
  | { readonly kind: 'answered'; readonly outcome: ProofOutcome }
  /** The attempt is over. */
  | { readonly kind: 'ended'; readonly state: 'accepted' | 'refused' | 'abandoned' }
  | { readonly kind: 'card' | 'person' | 'absent' | 'locked' };

/** Far more than tries of one factor can be under way at once. */
const mostRounds = 500;

/**
 * Counts a try before its secret is looked at: reads where attempt and factor stand, decides by the rules, and has the
 * count written if nothing changed meanwhile; else it begins again. However many come at once, on however many servers,
 * each counts by itself and no more than the limit get through; one that comes again is counted once.
 */
export const createReserve = (deps: Pick<ServerDeps, 'logins' | 'now' | 'policy'>, patience: () => number) => {
  const lookUps = createBatch<ProofToLookUp, ProofFacts>({
    lanes: 1,
    run: (proofs) => lookUpProofs(deps.logins, proofs),
  });
  const counts = createBatch<TryToCount, Awaited<ReturnType<typeof countTries>>[number]>({
    lanes: 4,
    spareAfter: 30,
    gather: patience,
    keysOf: ({ known }) => [known.id],
    run: (tries) => countTries(deps.logins, tries),
  });

  /** What the tap has found, if it is enough to decide by; whether it still holds is seen when the try is counted. */
  const foundByTap = (known: readonly FactorFacts[] | undefined, kind: string): ProofFacts | undefined => {
    const factor = known?.find((one) => one.kind === kind);
    if (known === undefined || factor === undefined) return undefined;
    const others = known.filter(
      (one) => countTogether.some((each) => each === one.kind) && one !== factor && !one.disabled,
    );
    return {
      attempt: null,
      card: 'active',
      person: 'active',
      factor,
      others: others.reduce((sum, { failures }) => sum + failures, 0),
      counted: false,
      outcome: null,
    };
  };

  type Decided = Pick<TryToCount, 'known' | 'others' | 'failures' | 'lockedUntil' | 'counted'>;
  const decide = ({ factor, others, counted }: ProofFacts, now: number): Decided | undefined => {
    if (factor === null || factor.disabled) return undefined;
    const { failures, lockedUntil } = factor;
    // A lock that it brought itself is none for it.
    if (counted) return { known: factor, others, failures, lockedUntil, counted };
    const { tries: rules } = deps.policy();
    // Guesses at one factor do not buy further guesses at another one beyond the limit for both.
    const together = { ...factor, failures: factor.failures + others };
    const next = judgeTries(together, rules, now) === 'disabled' ? undefined : reserveTry(factor, rules, now);
    return next && { known: factor, others, counted, failures: next.failures, lockedUntil: next.lockedUntil };
  };

  const whyOver = ({ attempt, card, person }: ProofFacts): Reserved | undefined => {
    if (attempt !== null && attempt !== 'open') return { kind: 'ended', state: attempt };
    if (card !== 'active') return { kind: 'card' };
    return person === 'active' ? undefined : { kind: 'person' };
  };

  const reserve = async (
    ticket: Ticket,
    kind: string,
    mark: Buffer | null,
    tapped?: readonly FactorFacts[],
  ): Promise<Reserved> => {
    let found = foundByTap(tapped, kind);
    for (let round = 0; round < mostRounds; round += 1) {
      const isOfTap = found !== undefined;
      const facts = found ?? (await lookUps.add({ ticket, kind, mark }));
      found = undefined;
      if (facts.outcome !== null) return { kind: 'answered', outcome: facts.outcome };
      const over = whyOver(facts);
      if (over !== undefined) return over;
      const { factor } = facts;
      const now = deps.now().getTime();
      const isThere = factor !== null && (factor.expiresAt ?? Number.POSITIVE_INFINITY) > now;
      const next = isThere ? decide(facts, now) : undefined;
      // A tap is a while ago: what it found may say yes, and never no.
      if (next === undefined && isOfTap) continue;
      if (!isThere) return { kind: 'absent' };
      if (next === undefined) return { kind: 'locked' };
      const counted = await counts.add({ ticket, mark, ...next });
      if (counted === undefined) continue;
      const { known, failures, others, counted: again } = next;
      return {
        kind: 'reserved',
        try: { factor: known, secret: counted.secret, failures, allFailures: failures + others, again },
      };
    }
    throw new Error('a try was never counted');
  };

  return {
    reserve,
    /** What this very proof was answered before. */
    look: async (ticket: Ticket, kind: string, mark: Buffer): Promise<ProofOutcome | null> =>
      (await lookUps.add({ ticket, kind, mark })).outcome,
  };
};
