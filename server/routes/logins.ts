import { availableParallelism } from 'node:os';
import { fail, succeed } from '#contract/errors.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { createHashQueue } from '../hash-queue.ts';
import { insertTicket } from '../store/console.ts';
import { record } from '../store/events.ts';
import { endSession, tryGetSession } from '../store/sessions.ts';
import { createToken, hashToken } from '../tokens.ts';
import { createAttemptRoutes, recordForeign } from './attempts.ts';
import type { Handlers } from './handlers.ts';
import { createKeypadRoutes } from './keypad.ts';

/** How long a ticket for the console waits to be used. */
const ticketMilliseconds = 30_000;

/** What terminals ask: attempts, sessions, and their part of enrolment. */
export const createLoginsRoutes = (deps: ServerDeps) => {
  const queue = createHashQueue(availableParallelism());
  return {
    ...createAttemptRoutes(deps, queue),
    ...createKeypadRoutes(deps, queue),

    'sessions/end': async ({ params, body }, { terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const session = await tryGetSession(tx, params.session);
        if (!session) return fail('SESSION_ENDED');
        if (session.terminal !== terminal) {
          await recordForeign(tx, now, { terminal, session: session.id });
          return fail('TERMINAL_OTHER');
        }
        const [ended] = await endSession(tx, now, body.reason, session.id);
        if (!ended) return fail('SESSION_ENDED');
        await record(tx, now, {
          kind: 'session.ended',
          outcome: 'success',
          terminal,
          happenedAt: new Date(body.endedAt),
          person: ended.person,
          card: ended.card,
          attempt: ended.attempt,
          session: ended.id,
          reason: body.reason,
        });
        return succeed({});
      }),

    'sessions/open-console': async ({ params }, { terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const session = await tryGetSession(tx, params.session);
        if (!session) return fail('SESSION_ENDED');
        if (session.terminal !== terminal) {
          await recordForeign(tx, now, { terminal, session: session.id });
          return fail('TERMINAL_OTHER');
        }
        if (session.endedAt || session.endsAt <= now || session.personState !== 'active') return fail('SESSION_ENDED');
        if (!mayUseConsole(session.roles)) {
          await record(tx, now, {
            kind: 'request.refused',
            outcome: 'serious',
            terminal,
            person: session.person,
            session: session.id,
            reason: 'role-missing',
          });
          return fail('CONSOLE_ROLE_MISSING');
        }
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
