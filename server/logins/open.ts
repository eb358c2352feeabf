import type { Opened } from '#contract/api/logins.ts';
import type { SessionId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { createBatch } from '../batch.ts';
import type { ServerDeps } from '../deps.ts';
import { violates } from '../store/database.ts';
import { toEventRow } from '../store/event-rows.ts';
import { type Concluded, type Conclusion, conclude } from '../store/proofs.ts';
import { createUuid } from '../store/uuid.ts';
import { createToken, hashToken } from '../tokens.ts';
import { about } from './events.ts';
import { begunEvent } from './tap.ts';
import type { Ticket } from './ticket.ts';

const grantMilliseconds = 30_000;

export interface ToOpen {
  readonly ticket: Ticket;
  /** Everything that was shown beside the card, in its order. */
  readonly factors: readonly (AskedFactor | 'grace')[];
  /** The factor that was right just now and whose count ends; null when all ended theirs before. */
  readonly accepted: Conclusion['accepted'];
  readonly endElsewhere: boolean;
}

/** Begins a session with its grant, or says why not: the attempt is over, a code was used, or a revocation came first. */
export const createOpen = (deps: ServerDeps) => {
  const conclusions = createBatch<Conclusion, Concluded>({
    lanes: 3,
    keysOf: ({ ticket, accepted }) => [ticket.terminal, ticket.person, ...(accepted === null ? [] : [accepted.id])],
    run: (some) => conclude(deps.logins, deps.now(), some),
  });

  /** Two logins at one terminal, on two servers: the later one ends the other's session and begins its own. */
  const concludeOne = async (conclusion: Conclusion): Promise<Concluded> => {
    try {
      return await conclusions.add(conclusion);
    } catch (problem) {
      if (!violates(problem, 'session_open_terminal')) throw problem;
      return conclusions.add(conclusion);
    }
  };

  return async ({ ticket, factors, accepted, endElsewhere }: ToOpen): Promise<Opened | Exclude<Concluded, 'open'>> => {
    const now = deps.now();
    const session = createUuid(now) as SessionId;
    const token = createToken();
    const endsAt = new Date(now.getTime() + deps.policy().session.minutes * 60_000);
    const facts = about(ticket, factors);
    const grace = factors.includes('grace') ? ticket.grace : null;
    const concluded = await concludeOne({
      ticket,
      accepted,
      factors: facts.factors,
      session,
      endsAt,
      tokenHash: hashToken(token),
      openedBy: grace === null ? 'factors' : 'grace',
      after: grace?.after ?? null,
      graceFrom: grace?.from ?? null,
      endElsewhere,
      begun: begunEvent(ticket),
      events: [
        ...(accepted === null ? [] : [toEventRow(now, { ...facts, kind: 'proof.accepted', outcome: 'success' })]),
        toEventRow(now, { ...facts, kind: 'session.began', outcome: 'success', session }),
      ],
    });
    if (concluded !== 'open') return concluded;
    await deps.database.notify('changed', { what: 'events' });
    await deps.database.notify('changed', { what: 'terminals' });
    const { terminal, lock, attempt, person } = ticket;
    const grant = deps.secrets.signGrant({
      terminal,
      lock,
      session,
      attempt,
      person,
      issuedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + grantMilliseconds).toISOString(),
    });
    return { kind: 'open', session, token, grant, endsAt: endsAt.toISOString() };
  };
};
