import { fail, succeed } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import { judgeTries } from '#core/policy/tries.ts';
import { checkAssertion, outcomeOf, useAsserted } from '../assertions.ts';
import type { ServerDeps } from '../deps.ts';
import { toAssertionOptions } from '../passkey-options.ts';
import {
  endConsoleSessionsByPasskey,
  forgetPasskeyUses,
  getConsoleSession,
  markPasskeyUsed,
} from '../store/console.ts';
import { listCredentials } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { dropInvitations, insertInvitation } from '../store/invitations.ts';
import {
  type ChallengeFor,
  insertChallenge,
  listPasskeys,
  toPasskeySummary,
  tryRemovePasskey,
} from '../store/passkeys.ts';
import { touchPerson, tryLockPerson } from '../store/people.ts';
import { createSupportCode } from '../store/support-codes.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { createPasskeyEnrolmentRoutes } from './passkey-enrolment.ts';
import { describeFactor } from './people.ts';
import { holdProven, type Prove, provenUntil, renewCookie } from './proving.ts';
import { by, refuseRole, refuseSelf } from './refusing.ts';

const proofOf = (sender: ConsoleSender): ChallengeFor => ({
  purpose: 'proof',
  person: sender.person,
  session: sender.session,
});

/** What people do with passkeys once they are signed in: their own, and an admin with those of others. */
export const createPasskeyRoutes = (deps: ServerDeps, prove: Prove) =>
  ({
    ...createPasskeyEnrolmentRoutes(deps, prove),

    'passkeys/list': async (_input, sender) => {
      const { database } = deps;
      const now = deps.now();
      const passkeys = await listPasskeys(database, sender.person);
      const credentials = await listCredentials(database, sender.person);
      const { passkeyUsedAt } = await getConsoleSession(database, sender.session);
      return succeed({
        passkeys: passkeys.map(toPasskeySummary),
        factors: credentials
          .filter(({ kind }) => kind === 'password' || kind === 'totp')
          .map((one) => describeFactor(one, deps, now)),
        provenUntil: provenUntil(passkeyUsedAt, now)?.toISOString() ?? null,
      });
    },

    'passkeys/begin-proof': async (_input, sender) =>
      deps.database.transaction(async (tx) => {
        const own = await listPasskeys(tx, sender.person);
        if (own.length === 0) return fail('PASSKEY_UNKNOWN');
        const challenge = await insertChallenge(tx, deps.now(), proofOf(sender));
        return succeed({ options: toAssertionOptions(deps, challenge, own) });
      }),

    'passkeys/prove': async ({ body }, sender, reply) => {
      const asserted = await checkAssertion(deps, body.assertion, proofOf(sender));
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        const used = await useAsserted(tx, now, asserted);
        const facts = {
          ...by(sender, sender.person),
          factors: ['passkey' as const],
          detail: { address: sender.address },
        };
        if (!used.ok) {
          const supportCode = await createSupportCode(tx, now);
          const refused = { kind: 'console.proof-refused', outcome: outcomeOf(used.why), reason: used.why } as const;
          await record(tx, now, { ...facts, ...refused, supportCode });
          return fail('PASSKEY_REFUSED', { supportCode });
        }
        await markPasskeyUsed(tx, now, sender.session);
        await renewCookie(tx, sender, reply);
        await record(tx, now, { ...facts, kind: 'console.proof-accepted', outcome: 'success' });
        return succeed({ provenUntil: (provenUntil(now, now) ?? now).toISOString() });
      });
    },

    'passkeys/remove': async ({ params, body }, sender, reply) => {
      const { passkey } = params;
      const wrong = await whyNotRemoved(deps, deps.database, sender.person, passkey);
      if (wrong) return fail(wrong);
      const proven = await prove(body.proof, sender, reply, 'passkeys/remove');
      if (!proven.ok) return proven;
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        await tryLockPerson(tx, sender.person);
        const still = await whyNotRemoved(deps, tx, sender.person, passkey);
        const removed =
          !still && (await tryRemovePasskey(tx, now, { passkey, person: sender.person, by: sender.person }));
        if (!removed) return fail(still || 'PASSKEY_UNKNOWN');
        await endConsoleSessionsByPasskey(tx, now, passkey, sender.session);
        await dropInvitations(tx, sender.person);
        await record(tx, now, {
          ...by(sender, sender.person),
          kind: 'passkey.removed',
          outcome: 'success',
          detail: { passkey: removed.label },
        });
        await touchPerson(tx, now, sender.person);
        return succeed({});
      });
    },

    'console/renew-secrets': async ({ body }, sender, reply) => {
      const proven = await prove(body.proof, sender, reply, 'console/renew-secrets');
      if (!proven.ok) return proven;
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        const { person } = sender;
        if (!(await holdProven(deps, tx, body.proof, sender))) return fail('CONSOLE_PROOF_REFUSED');
        const { code, expiresAt } = await insertInvitation(tx, deps.secrets, now, { person, by: person });
        await record(tx, now, {
          ...by(sender, person),
          kind: 'person.changed',
          outcome: 'success',
          reason: 'renewing-secrets',
        });
        return succeed({ code, expiresAt: expiresAt.toISOString() });
      });
    },

    'passkeys/revoke': async ({ params }, sender) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const person = await tryLockPerson(tx, params.person);
        if (!person) return fail('PERSON_UNKNOWN');
        if (person.id === sender.person) return refuseSelf(tx, now, sender, 'passkeys/revoke');
        if (!mayChangeFactorsOf(sender.roles, person.roles)) {
          return refuseRole(tx, now, sender, person.id, 'passkeys/revoke');
        }
        const { passkey } = params;
        const removed = await tryRemovePasskey(tx, now, { passkey, person: person.id, by: sender.person });
        if (!removed) return fail('PASSKEY_UNKNOWN');
        await endConsoleSessionsByPasskey(tx, now, passkey, null);
        // A link of theirs may have been made by whoever held it.
        await dropInvitations(tx, person.id);
        await forgetPasskeyUses(tx, person.id);
        await record(tx, now, {
          ...by(sender, person.id),
          kind: 'passkey.removed',
          outcome: 'success',
          reason: 'revoked',
          detail: { passkey: removed.label },
        });
        await touchPerson(tx, now, person.id);
        return succeed({});
      }),
  }) satisfies Partial<Handlers>;

/** A passkey stays when it is the last way in: beside it there must be another, or a password with its authenticator. */
async function whyNotRemoved(
  deps: ServerDeps,
  tx: Transaction,
  person: PersonId,
  passkey: string,
): Promise<'PASSKEY_UNKNOWN' | 'PASSKEY_LAST' | undefined> {
  const own = await listPasskeys(tx, person);
  if (!own.some(({ id }) => id === passkey)) return 'PASSKEY_UNKNOWN';
  if (own.length > 1) return undefined;
  const credentials = await listCredentials(tx, person);
  // A lock passes; what is disabled opens nothing until it is set anew.
  const opens = (kind: 'password' | 'totp'): boolean =>
    credentials.some(
      (one) => one.kind === kind && judgeTries(one, deps.policy().tries, deps.now().getTime()) !== 'disabled',
    );
  return opens('password') && opens('totp') ? undefined : 'PASSKEY_LAST';
}
