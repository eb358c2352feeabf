import type { Assertion } from '#contract/api/passkeys.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Outcome } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import type { ServerDeps } from './deps.ts';
import { handleOf, partyOf } from './passkey-options.ts';
import { type WhyBarred, whyBarred } from './sign-in.ts';
import type { Transaction } from './store/database.ts';
import { type ChallengeFor, type Passkey, takeChallenge, tryFindPasskey, usePasskey } from './store/passkeys.ts';
import { tryLockPerson } from './store/people.ts';
import { readClientData, verifyAssertion, type WhyUnfit } from './webauthn.ts';

/** Why a passkey was refused. For the log alone: the answer is the same for all. */
export type WhyPasskeyRefused =
  | WhyUnfit
  | WhyBarred
  | 'challenge-unknown'
  | 'challenge-expired'
  | 'challenge-foreign'
  | 'passkey-unknown'
  | 'passkey-removed'
  | 'passkey-foreign'
  | 'counter-back';

/** What happens in good faith too: the wrong key, a page left open, an account that was closed. All else is an attack or a fault. */
const harmless: readonly WhyPasskeyRefused[] = [
  'challenge-expired',
  'not-verified',
  'passkey-removed',
  'passkey-unknown',
  'person-suspended',
  'role-missing',
];
export const outcomeOf = (why: WhyPasskeyRefused): Outcome => {
  if (why === 'credential-damaged') return 'major';
  return harmless.includes(why) ? 'minor' : 'serious';
};

interface Refused {
  readonly ok: false;
  readonly why: WhyPasskeyRefused;
  /** Whose passkey it is, as far as that is known. */
  readonly person: PersonId | null;
}
export type Asserted = { readonly ok: true; readonly passkey: Passkey; readonly counter: number } | Refused;

/**
 * Whether somebody used a passkey for this challenge. The challenge goes first, in a transaction of its own, so that
 * nothing can be tried twice; no transaction is open while the signature is checked.
 */
export const checkAssertion = async (deps: ServerDeps, given: Assertion, about: ChallengeFor): Promise<Asserted> => {
  const party = partyOf(deps);
  const read = readClientData(party, given.clientDataJSON, 'webauthn.get');
  if (!read.ok) return { ok: false, why: read.why, person: null };
  const { challenge } = read;
  const [taken, passkey] = await deps.database.transaction(
    async (tx) =>
      [
        await takeChallenge(tx, deps.now(), challenge, about),
        await tryFindPasskey(tx, Buffer.from(given.id, 'base64url')),
      ] as const,
  );
  const refuse = (why: WhyPasskeyRefused): Asserted => ({ ok: false, why, person: passkey?.person ?? null });
  if (taken !== 'fits') return refuse(`challenge-${taken}`);
  if (!passkey) return refuse('passkey-unknown');
  if (passkey.removedAt) return refuse('passkey-removed');
  const handle = given.userHandle ?? (about.purpose === 'sign-in' ? '' : handleOf(passkey.person));
  const another = about.purpose !== 'sign-in' && about.person !== passkey.person;
  if (another || handle !== handleOf(passkey.person)) return refuse('passkey-foreign');
  const verdict = await verifyAssertion(party, given, challenge, passkey.publicKey);
  return verdict.ok ? { ok: true, passkey, counter: verdict.counter } : refuse(verdict.why);
};

/** Counts a checked assertion as used, in the transaction of what it opens. Holds the person meanwhile. */
export const useAsserted = async (
  tx: Transaction,
  now: Date,
  asserted: Asserted,
): Promise<{ readonly ok: true; readonly passkey: Passkey; readonly person: PersonSummary } | Refused> => {
  if (!asserted.ok) return asserted;
  const { passkey, counter } = asserted;
  const person = await tryLockPerson(tx, passkey.person);
  if (!person) throw new Error('a passkey of nobody');
  const used = whyBarred(person) ?? (await usePasskey(tx, now, passkey.id, counter));
  if (used === 'used') return { ok: true, passkey, person };
  return { ok: false, why: used, person: person.id };
};
