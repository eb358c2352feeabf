import { fail, type Result, succeed } from '#contract/errors.ts';
import type { SessionId } from '#contract/ids.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { insertTicket } from '../store/console.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { endSession, idleSlackMilliseconds, markActive, type OpenSession, tryLockSession } from '../store/sessions.ts';
import { createToken, hashToken, isTokenOf } from '../tokens.ts';
import { recordForeign } from './attempts.ts';
import type { Handlers, TerminalSender } from './handlers.ts';

/** How long a ticket for the console waits to be used. */
const ticketMilliseconds = 30_000;

/** What a terminal says and asks of the session that is open at it. */
export const createSessionRoutes = (deps: ServerDeps) => {
  const { database } = deps;
  const idleLimit = (): number => deps.policy().session.idleSeconds * 1000;

  const lock = async (
    tx: Transaction,
    id: SessionId,
    { terminal }: TerminalSender,
  ): Promise<Result<OpenSession, 'SESSION_ENDED' | 'TERMINAL_OTHER'>> => {
    const session = await tryLockSession(tx, id);
    if (!session) return fail('SESSION_ENDED');
    if (session.terminal === terminal) return succeed(session);
    await recordForeign(tx, deps.now(), { terminal, session: session.id });
    return fail('TERMINAL_OTHER');
  };

  const end = async (tx: Transaction, now: Date, session: OpenSession, reason: string, happenedAt: Date | null) => {
    const [ended] = await endSession(tx, now, reason, session.id);
    if (!ended) return false;
    const { terminal, person, card, attempt, id } = ended;
    const facts = { kind: 'session.ended', outcome: 'success' } as const;
    await record(tx, now, { ...facts, terminal, happenedAt, person, card, attempt, session: id, reason });
    return true;
  };

  /** The session, if it is open and the token is its own; otherwise it stays as it is and the terminal is told so. */
  const enter = async (
    tx: Transaction,
    id: SessionId,
    token: string,
    sender: TerminalSender,
  ): Promise<Result<OpenSession, 'SESSION_ENDED' | 'TERMINAL_OTHER'>> => {
    const locked = await lock(tx, id, sender);
    if (!locked.ok) return locked;
    const session = locked.value;
    const now = deps.now();
    if (session.tokenHash === null || !isTokenOf(token, session.tokenHash)) {
      const { terminal, person } = session;
      const facts = { kind: 'request.refused', outcome: 'serious', reason: 'session-token' } as const;
      await record(tx, now, { ...facts, terminal, person, session: id });
      return fail('SESSION_ENDED');
    }
    if (session.endedAt || session.endsAt <= now || session.personState !== 'active') return fail('SESSION_ENDED');
    return locked;
  };

  return {
    'sessions/end': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const locked = await lock(tx, params.session, sender);
        if (!locked.ok) return locked;
        const ended = await end(tx, deps.now(), locked.value, body.reason, new Date(body.endedAt));
        return ended ? succeed({}) : fail('SESSION_ENDED');
      }),

    'sessions/touch': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const now = deps.now();
        const entered = await enter(tx, params.session, body.token, sender);
        if (!entered.ok) return entered;
        const session = entered.value;
        const activeAt = Math.max(now.getTime() - body.idleSeconds * 1000, session.activeAt.getTime());
        if (now.getTime() - activeAt > idleLimit() + idleSlackMilliseconds) {
          await end(tx, now, session, 'idle', null);
          return fail('SESSION_ENDED');
        }
        await markActive(tx, session.id, new Date(activeAt));
        return succeed({ endsAt: session.endsAt.toISOString() });
      }),

    'sessions/open-console': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const now = deps.now();
        const entered = await enter(tx, params.session, body.token, sender);
        if (!entered.ok) return entered;
        const session = entered.value;
        const { terminal } = sender;
        if (!mayUseConsole(session.roles)) {
          const facts = { kind: 'request.refused', outcome: 'serious', reason: 'role-missing' } as const;
          await record(tx, now, { ...facts, terminal, person: session.person, session: session.id });
          return fail('CONSOLE_ROLE_MISSING');
        }
        await markActive(tx, session.id, now);
        const ticket = createToken();
        await insertTicket(tx, now, {
          ticketHash: hashToken(ticket),
          session: session.id,
          person: session.person,
          terminal,
          expiresAt: new Date(now.getTime() + ticketMilliseconds),
        });
        return succeed({ ticket });
      }),
  } satisfies Partial<Handlers>;
};
