import type { Factor } from '#contract/audit.ts';
import { fail, succeed } from '#contract/errors.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { createHashQueue } from '../hash-queue.ts';
import { createLimit } from '../limit.ts';
import { createSignIn, outcomeOfRefusal } from '../sign-in.ts';
import { consoleCookie, endConsoleSession, getConsoleSession, tryUseTicket } from '../store/console.ts';
import { record } from '../store/events.ts';
import { tryGetPerson } from '../store/people.ts';
import { tryGetSession } from '../store/sessions.ts';
import { createSupportCode } from '../store/support-codes.ts';
import { hashToken } from '../tokens.ts';
import { enter } from './entering.ts';
import type { Handlers } from './handlers.ts';
import { createInvitationRoutes } from './invitations.ts';
import { createPasskeySignInRoutes } from './passkey-sign-in.ts';
import { createPasskeyRoutes } from './passkeys.ts';
import { createProving } from './proving.ts';

export const createConsoleRoutes = (deps: ServerDeps) => {
  // Its own queue of one: whoever floods this page keeps no terminal waiting.
  const queue = createHashQueue(1);
  const signIn = createSignIn(deps, queue);
  const refusals = createLimit({ tries: 60, everyMs: 60_000 });
  const flooded = (address: string): boolean => !refusals.allows(address, deps.now());
  return {
    ...createInvitationRoutes(deps, queue),
    ...createPasskeySignInRoutes(deps),
    ...createPasskeyRoutes(deps, createProving(deps, signIn, queue)),

    'console/sign-in': async ({ body }, from, reply) => {
      const { address } = from;
      const place = flooded(address) ? undefined : queue.tryEnter();
      if (!place) return fail('SERVER_BUSY', { retryAfterSeconds: 2 });
      try {
        const factors: Factor[] = ['password', 'totp'];
        const verdict = await signIn.byNumber(body.number, body, place, (tx, person) =>
          enter(deps, tx, deps.now(), reply, { person, factors, at: null, from }),
        );
        if (verdict.ok) return succeed(verdict.opened);
        return await deps.database.transaction(async (tx) => {
          const now = deps.now();
          refusals.count(address, now);
          const supportCode = await createSupportCode(tx, now);
          await record(tx, now, {
            kind: 'console.sign-in-refused',
            outcome: outcomeOfRefusal(verdict.why),
            person: verdict.person?.id ?? null,
            factors,
            reason: verdict.why,
            supportCode,
            detail: { address },
          });
          return fail('CONSOLE_SIGN_IN_REFUSED', { supportCode });
        });
      } finally {
        place.leave();
      }
    },

    'console/enter': async ({ body }, from, reply) => {
      const { address } = from;
      if (!refusals.tryTake(address, deps.now())) return fail('SERVER_BUSY', { retryAfterSeconds: 2 });
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        const ticket = await tryUseTicket(tx, now, hashToken(body.ticket));
        const session = ticket && (await tryGetSession(tx, ticket.session));
        const person = ticket && (await tryGetPerson(tx, ticket.person));
        const live = session && !session.endedAt && session.endsAt > now && person?.state === 'active';
        if (!session || !person || !live || !mayUseConsole(person.roles)) {
          await record(tx, now, {
            kind: 'console.sign-in-refused',
            outcome: 'serious',
            person: person?.id ?? null,
            terminal: session?.terminal ?? null,
            session: session?.id ?? null,
            factors: ['terminal-session'],
            reason: ticket ? 'session-ended' : 'ticket-unknown',
            detail: { address },
          });
          return fail('CONSOLE_SIGN_IN_REFUSED');
        }
        refusals.putBack(address, now);
        const at = { terminal: session.terminal, session: session.id, endsAt: session.endsAt };
        return succeed(await enter(deps, tx, now, reply, { person, factors: ['terminal-session'], at, from }));
      });
    },

    'console/me': async (_input, { session }) => {
      const found = await getConsoleSession(deps.database, session);
      const person = await tryGetPerson(deps.database, found.person);
      if (!person) return fail('CONSOLE_SIGNED_OUT');
      return succeed({
        person,
        csrf: found.csrf,
        terminal: found.terminal,
        endsAt: found.endsAt.toISOString(),
        timeZone: deps.policy().timeZone,
      });
    },

    'console/sign-out': async (_input, { session, person, terminal }, reply) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        await endConsoleSession(tx, now, session);
        await record(tx, now, { kind: 'console.signed-out', outcome: 'success', person, terminal });
        reply.setCookie(consoleCookie.name, '', { ...consoleCookie.options, maxAge: 0 });
        return succeed({});
      }),
  } satisfies Partial<Handlers>;
};
