import { fail, succeed } from '#contract/errors.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { authorOf } from '../people/author.ts';
import { endSubstitutes } from '../people/end-substitutes.ts';
import { guardLastAdmin } from '../people/roles.ts';
import { endSessionsOfPerson, suspendPeople } from '../people/suspend.ts';
import { revokeCard, tryGetCard, tryLockCard } from '../store/cards.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import { tryDisableFactor } from '../store/credentials.ts';
import { record } from '../store/events.ts';
import { touchPerson, tryLockPerson } from '../store/people.ts';
import { tryFindNumber } from '../store/revocation-number.ts';
import { issueRevocation } from '../store/revocations.ts';
import { endSession } from '../store/sessions.ts';
import type { Handlers } from './handlers.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

/** What takes access away: the change, its numbered revocation, the ended sessions and their events commit together. */
export const createRevokingRoutes = (deps: ServerDeps) =>
  ({
    'cards/revoke': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const card = await tryLockCard(tx, params.card);
        if (!card) return fail('CARD_UNKNOWN');
        if (card.state === 'revoked') {
          const number = await tryFindNumber(tx, 'card', params.card);
          if (number !== undefined) return succeed({ revocation: number });
        }
        await revokeCard(tx, now, params.card, { by: sender.person, reason: body.reason });
        const summary = await tryGetCard(tx, params.card);
        await record(tx, now, {
          ...by(sender, card.person),
          kind: 'card.revoked',
          outcome: 'success',
          card: params.card,
          reason: body.reason,
          detail: { label: summary?.label ?? '', ending: summary?.ending ?? '' },
        });
        const { ended } = await endSubstitutes(
          tx,
          now,
          { card: params.card },
          { reason: 'card-revoked', by: sender.person },
        );
        const person = card.person ?? ended[0]?.person ?? null;
        if (person !== null) await endSessionsOfPerson(tx, now, person, authorOf(sender));
        const revocation = await issueRevocation(tx, now, {
          what: 'card',
          subject: params.card,
          person,
          reason: body.reason,
          by: sender.person,
        });
        if (card.person !== null) await touchPerson(tx, now, card.person);
        else await tx.notify('changed', { what: 'loan-cards' });
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
        await endSessionsOfPerson(tx, now, person.id, authorOf(sender));
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
        const author = authorOf(sender);
        const guarded = await guardLastAdmin(tx, now, [person], author);
        if (!guarded.ok) return guarded;
        const [revocation] = await suspendPeople(tx, now, [person.id], author, body.reason);
        if (revocation === undefined) throw new Error('a suspension got no number');
        return succeed({ revocation });
      }),
  }) satisfies Partial<Handlers>;
