import { fail, succeed } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { revokeCard, tryGetCard, tryLockCard } from '../store/cards.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import { tryDisableFactor } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { dropInvitations } from '../store/invitations.ts';
import { suspendPerson, touchPerson, tryLockPerson } from '../store/people.ts';
import { tryFindNumber } from '../store/revocation-number.ts';
import { issueRevocation } from '../store/revocations.ts';
import { endSession, endSessionsOf } from '../store/sessions.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

/** What takes access away: the change, its numbered revocation, the ended sessions and their events commit together. */
export const createRevokingRoutes = (deps: ServerDeps) =>
  ({
    'cards/revoke': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const card = await tryLockCard(tx, params.card);
        if (!card) return fail('CARD_UNKNOWN');
        const { person } = card;
        if (card.state === 'revoked') {
          const number = await tryFindNumber(tx, 'card', params.card);
          if (number !== undefined) return succeed({ revocation: number });
        }
        await revokeCard(tx, now, params.card, { by: sender.person, reason: body.reason });
        const summary = await tryGetCard(tx, params.card);
        await record(tx, now, {
          ...by(sender, person),
          kind: 'card.revoked',
          outcome: 'success',
          card: params.card,
          reason: body.reason,
          detail: { label: summary?.label ?? '', ending: summary?.ending ?? '' },
        });
        await endAll(tx, now, person, sender);
        const revocation = await issueRevocation(tx, now, {
          what: 'card',
          subject: params.card,
          person,
          reason: body.reason,
          by: sender.person,
        });
        await touchPerson(tx, now, person);
        return succeed({ revocation });
      }),

    'people/revoke-factor': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'people/revoke-factor');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'people/revoke-factor');
        }
        const credential = await tryDisableFactor(tx, person.id, params.kind);
        if (credential === undefined) return fail('FACTOR_UNKNOWN');
        const { reason } = body;
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'credential.revoked',
          outcome: 'success',
          factors: [params.kind === 'initial' ? 'initial-secret' : params.kind],
          reason,
        });
        await endAll(tx, now, person.id, sender);
        if (params.kind === 'password' || params.kind === 'totp') await endConsoleSessionsOf(tx, now, person.id);
        const what = { what: 'credential', subject: credential } as const;
        const revocation = await issueRevocation(tx, now, { ...what, person: person.id, reason, by: sender.person });
        await touchPerson(tx, now, person.id);
        return succeed({ revocation });
      }),

    'sessions/revoke': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const [ended] = await endSession(tx, now, 'revoked', params.session);
        if (!ended) return fail('SESSION_ENDED');
        const { terminal, person, card, attempt, id: session } = ended;
        await record(tx, now, {
          kind: 'session.ended',
          outcome: 'success',
          terminal,
          person,
          actor: sender.person,
          card,
          attempt,
          session,
          reason: 'revoked',
          detail: { why: body.reason },
        });
        // Without its person: their sessions elsewhere go on.
        const what = { what: 'session', subject: session, person: null } as const;
        const revocation = await issueRevocation(tx, now, { ...what, reason: body.reason, by: sender.person });
        return succeed({ revocation });
      }),

    'people/suspend': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'people/suspend');
        if (person.state === 'suspended') {
          const number = await tryFindNumber(tx, 'person', person.id);
          if (number !== undefined) return succeed({ revocation: number });
        }
        await suspendPerson(tx, now, person.id);
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'person.suspended',
          outcome: 'success',
          reason: body.reason,
        });
        await endAll(tx, now, person.id, sender);
        await endConsoleSessionsOf(tx, now, person.id);
        await dropInvitations(tx, person.id);
        const revocation = await issueRevocation(tx, now, {
          what: 'person',
          subject: person.id,
          person: person.id,
          reason: body.reason,
          by: sender.person,
        });
        return succeed({ revocation });
      }),
  }) satisfies Partial<Handlers>;

/**
 * A terminal locks by the person of an order, so all sessions of the person end, whichever card began them.
 * Attempts under way are refused at their next proof, which looks at card and person again.
 */
async function endAll(tx: Transaction, now: Date, person: PersonId, sender: ConsoleSender): Promise<void> {
  for (const session of await endSessionsOf(tx, now, 'revoked', person)) {
    await record(tx, now, {
      kind: 'session.ended',
      outcome: 'success',
      terminal: session.terminal,
      person,
      actor: sender.person,
      card: session.card,
      attempt: session.attempt,
      session: session.id,
      reason: 'revoked',
    });
  }
}
