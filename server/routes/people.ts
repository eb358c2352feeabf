import { fail, succeed } from '#contract/errors.ts';
import { mayChangeFactorsOf, mayGiveRoles } from '#core/policy/rights.ts';
import { cleanKana } from '#core/policy/text.ts';
import { judgeTries } from '#core/policy/tries.ts';
import { makeTotpSeed, matchTotp, sealSeed, totpUri, tryOpenSeed } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { sameRoles } from '../people/roles.ts';
import { listCards } from '../store/cards.ts';
import {
  type Credential,
  liftLocks,
  listCredentials,
  setPendingSeed,
  setSecret,
  tryLockPendingSeed,
} from '../store/credentials.ts';
import { record } from '../store/events.ts';
import { insertInvitation } from '../store/invitations.ts';
import { listPasskeys, toPasskeySummary } from '../store/passkeys.ts';
import { touchPerson, tryFindByNumber, tryGetPerson, tryInsertPerson, tryLockPerson } from '../store/people.ts';
import { listPeople } from '../store/people-list.ts';
import { listOpenSessions } from '../store/sessions.ts';
import { listSubstitutes } from '../store/substitutes.ts';
import { actOrGiveBack, requireApprovalForBinding, requireApprovalForRoles } from './approving.ts';
import { createChangingRoutes } from './changing.ts';
import { createDeskRoutes } from './desk.ts';
import { createFirstSecretRoutes } from './first-secrets.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';
import { createRevokingRoutes } from './revoking.ts';

/** How long a new TOTP seed waits for its first code. */
const pendingMilliseconds = 10 * 60_000;

export const createPeopleRoutes = (deps: ServerDeps) =>
  ({
    ...createDeskRoutes(deps),
    ...createRevokingRoutes(deps),
    ...createFirstSecretRoutes(deps),
    ...createChangingRoutes(deps),

    'people/list': async ({ query }, { roles }) => {
      const at = deps.now().toISOString();
      const listed = await listPeople(deps.database, { ...query, forAnybody: roles.includes('admin') });
      if (listed === undefined) return refuseCursor();
      const { rows: people, next, total } = listed;
      return succeed({ people, next, total, at });
    },

    'people/add': async ({ body }, sender) =>
      actOrGiveBack(deps.database, async (tx) => {
        const now = deps.now();
        if (!mayGiveRoles(sender.roles, body.roles)) return refuseRole(tx, now, sender, null, 'people/add');
        if ((await tryFindByNumber(tx, body.number)) !== undefined) return fail('PERSON_NUMBER_TAKEN');
        if (!sameRoles(body.roles, ['clinician'])) {
          const about = `${body.number}: ${body.roles.join(' ')}`;
          const act = {
            call: 'people/add' as const,
            subject: null,
            what: [body.number, [...body.roles].sort()],
            about,
          };
          const approved = await requireApprovalForRoles(deps, tx, now, sender, act);
          if (!approved.ok) return approved;
        }
        const person = await tryInsertPerson(tx, now, { ...body, kana: cleanKana(body.kana) });
        if (!person) return fail('PERSON_NUMBER_TAKEN');
        await record(tx, now, {
          kind: 'person.added',
          outcome: 'success',
          person: person.id,
          actor: sender.person,
          detail: { number: person.number, roles: person.roles.join(' ') },
        });
        return succeed({ person });
      }),

    'people/show': async ({ params }) => {
      const person = await tryGetPerson(deps.database, params.person);
      if (!person) return fail('PERSON_UNKNOWN');
      const now = deps.now();
      const cards = await listCards(deps.database, person.id);
      const credentials = await listCredentials(deps.database, person.id);
      const sessions = await listOpenSessions(deps.database, now, person.id);
      return succeed({
        person,
        cards,
        factors: credentials.map((credential) => describeFactor(credential, deps, now)),
        substitutes: await listSubstitutes(deps.database, person.id),
        passkeys: (await listPasskeys(deps.database, person.id)).map(toPasskeySummary),
        sessions: sessions.map((session) => ({ ...session, startedAt: session.startedAt.toISOString() })),
      });
    },

    'people/begin-totp': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'people/begin-totp');
        }
        if (person.state !== 'active') return fail('PERSON_SUSPENDED');
        const approved = await requireApprovalForBinding(deps, tx, now, sender, {
          person,
          call: 'people/begin-totp',
          what: 'totp',
          terminal: sender.terminal,
        });
        if (!approved.ok) return approved;
        const seed = makeTotpSeed();
        const until = new Date(now.getTime() + pendingMilliseconds);
        await setPendingSeed(tx, now, { person: person.id, sealed: sealSeed(deps.secrets, seed, person.id), until });
        const detail = { ...approved.value };
        await record(tx, now, { ...by(sender, person.id), kind: 'totp.begun', outcome: 'success', detail });
        return succeed({ uri: totpUri(seed, person) });
      }),

    'people/confirm-totp': async ({ params, body }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'people/confirm-totp');
        }
        if (person.state !== 'active') return fail('PERSON_SUSPENDED');
        const seed = tryOpenSeed(deps.secrets, await tryLockPendingSeed(tx, now, person.id), person.id);
        if (seed === undefined) return fail('TOTP_NOT_BEGUN');
        const step = matchTotp(seed, body.code, now.getTime());
        if (step === undefined) {
          await record(tx, now, { ...by(sender, person.id), kind: 'totp.refused', outcome: 'minor', reason: 'wrong' });
          return fail('TOTP_WRONG');
        }
        await setSecret(tx, now, {
          person: person.id,
          kind: 'totp',
          secret: sealSeed(deps.secrets, seed, person.id),
          step,
        });
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'totp.enrolled',
          outcome: 'success',
          factors: ['totp'],
        });
        await touchPerson(tx, now, person.id);
        return succeed({});
      }),

    'people/unlock': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'people/unlock');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'people/unlock');
        }
        await liftLocks(tx, person.id);
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'person.changed',
          outcome: 'success',
          reason: 'unlocked',
        });
        await touchPerson(tx, now, person.id);
        return succeed({});
      }),

    'people/invite': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        // One's own secrets take a new proof: console/renew-secrets.
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'people/invite');
        // Whoever opens the link sets password and TOTP: no admin alone becomes somebody who has theirs.
        const approved = await requireApprovalForBinding(deps, tx, now, sender, {
          person,
          call: 'people/invite',
          what: 'invitation',
          terminal: null,
        });
        if (!approved.ok) return approved;
        const { code, expiresAt } = await insertInvitation(tx, deps.secrets, now, {
          person: person.id,
          by: sender.person,
        });
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'person.changed',
          outcome: 'success',
          reason: 'invited',
          detail: { ...approved.value },
        });
        return succeed({ code, expiresAt: expiresAt.toISOString() });
      }),
  }) satisfies Partial<Handlers>;

export const describeFactor = (credential: Credential, deps: ServerDeps, now: Date) => {
  const verdict = judgeTries(credential, deps.policy().tries, now.getTime());
  const { kind, lockedUntil } = credential;
  return {
    kind,
    state: verdict === 'allowed' ? ('active' as const) : verdict,
    setAt: credential.setAt.toISOString(),
    lockedUntil: verdict === 'locked' && lockedUntil !== null ? new Date(lockedUntil).toISOString() : null,
  };
};
