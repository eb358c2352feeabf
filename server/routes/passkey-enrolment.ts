import type { Input } from '#contract/api/index.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { WhyPasskeyRefused } from '../assertions.ts';
import type { ServerDeps } from '../deps.ts';
import { partyOf, toCreationOptions } from '../passkey-options.ts';
import { record } from '../store/events.ts';
import {
  type ChallengeFor,
  insertChallenge,
  listPasskeys,
  takeChallenge,
  toPasskeySummary,
  tryInsertPasskey,
} from '../store/passkeys.ts';
import { touchPerson, tryGetPerson, tryLockPerson } from '../store/people.ts';
import { createSupportCode } from '../store/support-codes.ts';
import { type NewPasskey, readClientData, verifyAttestation } from '../webauthn.ts';
import type { ConsoleSender, Handlers } from './handlers.ts';
import { holdSignedIn, type Prove } from './proving.ts';
import { by } from './refusing.ts';

/** Passkeys of one person. */
const most = 10;

type Why = WhyPasskeyRefused | 'passkey-known';
/** What happens in good faith too. */
const harmless: readonly Why[] = ['challenge-expired', 'not-verified', 'person-suspended', 'passkey-known'];

const enrolmentOf = (sender: ConsoleSender): ChallengeFor => ({
  purpose: 'enrolment',
  person: sender.person,
  session: sender.session,
});

/** A person adds a passkey of their own, after a new proof of who they are. */
export const createPasskeyEnrolmentRoutes = (deps: ServerDeps, prove: Prove) => {
  const check = async (
    { attestation }: Input<'passkeys/enrol'>['body'],
    sender: ConsoleSender,
  ): Promise<{ readonly ok: true; readonly passkey: NewPasskey } | { readonly ok: false; readonly why: Why }> => {
    const party = partyOf(deps);
    const read = readClientData(party, attestation.clientDataJSON, 'webauthn.create');
    if (!read.ok) return read;
    const taken = await deps.database.transaction((tx) =>
      takeChallenge(tx, deps.now(), read.challenge, enrolmentOf(sender)),
    );
    if (taken !== 'fits') return { ok: false, why: `challenge-${taken}` };
    return verifyAttestation(party, attestation, read.challenge);
  };

  return {
    'passkeys/begin-enrolment': async ({ body }, sender, reply) => {
      if ((await listPasskeys(deps.database, sender.person)).length >= most) return fail('PASSKEY_TOO_MANY');
      const proven = await prove(body.proof, sender, reply, 'passkeys/begin-enrolment');
      if (!proven.ok) return proven;
      return deps.database.transaction(async (tx) => {
        const person = await tryGetPerson(tx, sender.person);
        if (!person) throw new Error('a console session of nobody');
        const challenge = await insertChallenge(tx, deps.now(), enrolmentOf(sender));
        return succeed({ options: toCreationOptions(deps, challenge, person, await listPasskeys(tx, person.id)) });
      });
    },

    'passkeys/enrol': async ({ body }, sender) => {
      const checked = await check(body, sender);
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        const facts = { ...by(sender, sender.person), factors: ['passkey' as const] };
        const refuse = async (why: Why) => {
          const supportCode = await createSupportCode(tx, now);
          await record(tx, now, {
            ...facts,
            kind: 'passkey.refused',
            outcome: harmless.includes(why) ? 'minor' : 'serious',
            reason: why,
            supportCode,
            detail: { passkey: body.label, address: sender.address },
          });
          return fail('PASSKEY_REFUSED', { supportCode });
        };
        if (!checked.ok) return refuse(checked.why);
        // Suspended or signed out while they stood before the authenticator: the gate has not seen it.
        const person = await tryLockPerson(tx, sender.person);
        if (person?.state !== 'active' || !(await holdSignedIn(deps, tx, sender))) return refuse('person-suspended');
        if ((await listPasskeys(tx, person.id)).length >= most) return fail('PASSKEY_TOO_MANY');
        const { transports } = body.attestation;
        const kept = { ...checked.passkey, person: person.id, transports, label: body.label };
        const passkey = await tryInsertPasskey(tx, now, kept);
        if (!passkey) return refuse('passkey-known');
        const detail = { passkey: passkey.label, synced: passkey.synced, address: sender.address };
        await record(tx, now, { ...facts, kind: 'passkey.enrolled', outcome: 'success', detail });
        await touchPerson(tx, now, person.id);
        return succeed({ passkey: toPasskeySummary(passkey) });
      });
    },
  } satisfies Partial<Handlers>;
};
