import type { Opened } from '#contract/api/logins.ts';
import type { SessionId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { sessionEnd } from '#core/policy/substitutes.ts';
import { createBatch } from '../batch.ts';
import type { ServerDeps } from '../deps.ts';
import { recordReturn } from '../people/end-substitutes.ts';
import { takeTurn } from '../store/attempts.ts';
import { lockCardsOf, tryLockCard, tryReturnCards } from '../store/cards.ts';
import { clearCodes } from '../store/code-tries.ts';
import { violates } from '../store/database.ts';
import { toEventRow } from '../store/event-rows.ts';
import { tryLockPerson } from '../store/people.ts';
import { type Concluded, type Conclusion, conclude } from '../store/proofs.ts';
import { tryUseSubstitute } from '../store/substitutes.ts';
import { createUuid } from '../store/uuid.ts';
import { createToken, hashToken } from '../tokens.ts';
import type { Begun } from './begun.ts';
import { about } from './events.ts';
import { makeGrant } from './grant.ts';
import type { ProofKey } from './proof-key.ts';
import type { Ticket } from './ticket.ts';

export interface ToOpen {
  readonly ticket: Ticket;
  /** Everything that was shown beside the card, in its order. */
  readonly factors: readonly (AskedFactor | 'grace')[];
  /** The factor that was right just now and whose count ends; null when all ended theirs before. */
  readonly accepted: Conclusion['accepted'];
  readonly endElsewhere: boolean;
  readonly key: ProofKey | null;
}

/** Takes back what was done for a login that could not be concluded. */
class NotConcluded extends Error {
  readonly why: Exclude<Concluded, 'open'>;
  constructor(why: Exclude<Concluded, 'open'>) {
    super(`not concluded: ${why}`);
    this.why = why;
  }
}

/** Begins a session with its grant, or says why not: the attempt is over, a code was used, or a revocation came first. */
export const createOpen = (deps: ServerDeps, begun: Pick<Begun, 'concluded'>, patience: () => number) => {
  const createConclusions = () =>
    createBatch<Conclusion, Concluded>({
      lanes: 4,
      spareAfter: 30,
      gather: patience,
      keysOf: ({ ticket, accepted }) => [ticket.terminal, ticket.person, ...(accepted === null ? [] : [accepted.id])],
      run: (some) => conclude(deps.logins, deps.now(), some),
    });
  const rightNow = createConclusions();
  const shownEarlier = createConclusions();

  /**
   * A login by what stands for a card, by a card that was left at home, or by a card alone: alone in a transaction that
   * counts the use, ends what stood for the card, or sees what was taken away while it waited. Card, person and substitute
   * are held in this order.
   */
  const concludeHeld = async (conclusion: Conclusion): Promise<Concluded> => {
    const { ticket } = conclusion;
    const { person, card, substitute, terminal } = ticket;
    try {
      return await deps.database.transaction(async (tx) => {
        const now = deps.now();
        await takeTurn(tx, terminal);
        await lockCardsOf(tx, person);
        if (card !== null) await tryLockCard(tx, card);
        await tryLockPerson(tx, person);
        if (substitute !== null && !(await tryUseSubstitute(tx, now, substitute.id))) return 'card';
        if (ticket.returning) {
          if (card === null || !(await tryReturnCards(tx, person, card))) return 'card';
          await recordReturn(tx, now, { person, card, terminal });
        }
        const [concluded = 'ended'] = await conclude(tx, now, [conclusion]);
        if (concluded !== 'open') throw new NotConcluded(concluded);
        if (substitute?.kind === 'code') await clearCodes(tx, terminal, 'substitute');
        return concluded;
      });
    } catch (problem) {
      if (problem instanceof NotConcluded) return problem.why;
      throw problem;
    }
  };

  const concludeOne = (conclusion: Conclusion): Promise<Concluded> => {
    const { ticket, accepted, graceFrom } = conclusion;
    if (ticket.substitute !== null || ticket.returning || graceFrom !== null) return concludeHeld(conclusion);
    return (accepted === null ? shownEarlier : rightNow).add(conclusion);
  };

  /** Two logins at one terminal, on two servers: the later one ends the other's session and begins its own. */
  const concludeLast = async (conclusion: Conclusion): Promise<Concluded> => {
    try {
      return await concludeOne(conclusion);
    } catch (problem) {
      if (!violates(problem, 'session_open_terminal')) throw problem;
      return concludeOne(conclusion);
    }
  };

  return async ({
    ticket,
    factors,
    accepted,
    endElsewhere,
    key,
  }: ToOpen): Promise<Opened | Exclude<Concluded, 'open'>> => {
    const now = deps.now();
    const session = createUuid(now) as SessionId;
    const token = key?.tokenOf(session) ?? createToken();
    const { minutes } = deps.policy().session;
    const endsAt = new Date(sessionEnd(now.getTime(), minutes, ticket.substitute?.endsAt ?? null));
    const facts = about(ticket, factors);
    const grace = factors.includes('grace') ? ticket.grace : null;
    const concluded = await concludeLast({
      ticket,
      accepted,
      shown: accepted === null ? factors.filter((one) => one !== 'grace') : [],
      mark: key?.mark ?? null,
      factors: facts.factors,
      session,
      endsAt,
      tokenHash: hashToken(token),
      openedBy: ticket.substitute !== null ? 'substitute' : grace === null ? 'factors' : 'grace',
      after: grace?.after ?? null,
      graceFrom: grace?.from ?? null,
      endElsewhere,
      events: [
        ...(accepted === null ? [] : [toEventRow(now, { ...facts, kind: 'proof.accepted', outcome: 'success' })]),
        toEventRow(now, {
          ...facts,
          kind: 'session.began',
          outcome: 'success',
          session,
          detail: { assurance: ticket.assurance },
        }),
      ],
    });
    if (concluded !== 'open') return concluded;
    begun.concluded(ticket);
    await deps.database.notify('changed', { what: 'events' });
    await deps.database.notify('changed', { what: 'terminals' });
    const { terminal, lock, attempt, person } = ticket;
    const grant = makeGrant(deps.secrets, now, { terminal, lock, session, attempt, person });
    return { kind: 'open', session, token, grant, endsAt: endsAt.toISOString() };
  };
};
