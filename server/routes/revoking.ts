import { fail, succeed } from '#contract/errors.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import type { ServerDeps } from '../deps.ts';
import { authorOf } from '../people/author.ts';
import { guardLastAdmin } from '../people/roles.ts';
import { recordHeld, suspendPeople } from '../people/suspend.ts';
import { takeCardAway, withdrawFactor } from '../people/take-away.ts';
import { tryLockCard } from '../store/cards.ts';
import { tryDisableFactor } from '../store/credentials.ts';
import { record } from '../store/events.ts';
import { tryHoldSuspended, tryLockPerson } from '../store/people.ts';
import { tryFindNumber } from '../store/revocation-number.ts';
import { issueRevocation } from '../store/revocations.ts';
import { endSession, tryFindPersonOf } from '../store/sessions.ts';
import type { Handlers } from './handlers.ts';
import { refuseRole, refuseSelf } from './refusing.ts';

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
        const held = { card: params.card, person: card.person };
        const revocation = await takeCardAway(tx, now, held, authorOf(sender), body.reason);
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
        const factor = { credential, person: person.id, kind: params.kind };
        const revocation = await withdrawFactor(tx, now, factor, authorOf(sender), body.reason);
        return succeed({ revocation });
      }),

    'sessions/revoke': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryFindPersonOf(tx, params.session);
        if (person === undefined || !(await tryLockPerson(tx, person))) return fail('SESSION_ENDED');
        const [ended] = await endSession(tx, now, 'revoked', params.session);
        if (!ended) return fail('SESSION_ENDED');
        const { terminal, card, attempt, id: session } = ended;
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
        const author = authorOf(sender);
        if (person.state === 'suspended') {
          if (await tryHoldSuspended(tx, now, person.id)) await recordHeld(tx, now, person.id, author, body.reason);
          const number = await tryFindNumber(tx, 'person', person.id);
          if (number !== undefined) return succeed({ revocation: number });
        }
        const guarded = await guardLastAdmin(tx, now, [person], author);
        if (!guarded.ok) return guarded;
        const [revocation] = await suspendPeople(tx, now, [person.id], author, body.reason);
        if (revocation === undefined) throw new Error('a suspension got no number');
        return succeed({ revocation });
      }),
  }) satisfies Partial<Handlers>;
