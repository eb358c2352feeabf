import { type AssertionOptions, type CreationOptions, passkeyAlgorithms } from '#contract/api/passkeys.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { PersonId } from '#contract/ids.ts';
import type { ServerDeps } from './deps.ts';
import { challengeMilliseconds, type Passkey } from './store/passkeys.ts';
import type { Party } from './webauthn.ts';

type Origins = Pick<ServerDeps, 'origin' | 'origins'>;

export const partyOf = ({ origin, origins }: Origins): Party => ({ rpId: new URL(origin).hostname, origins });

/** The bytes by which an authenticator knows a person (WebAuthn: user handle): nothing that says who it is. */
export const handleOf = (person: PersonId): string =>
  Buffer.from(person.replaceAll('-', ''), 'hex').toString('base64url');

const toDescriptor = ({ credentialId, transports }: Passkey) => ({
  type: 'public-key' as const,
  id: credentialId.toString('base64url'),
  transports: [...transports],
});

/** To use a passkey: any that the authenticator holds when `allowed` is empty. Its owner is verified, which makes it two factors. */
export const toAssertionOptions = (
  deps: Origins,
  challenge: string,
  allowed: readonly Passkey[],
): AssertionOptions => ({
  challenge,
  rpId: partyOf(deps).rpId,
  timeout: challengeMilliseconds,
  userVerification: 'required',
  allowCredentials: allowed.map(toDescriptor),
});

/** To make one that is found without a staff number; not on an authenticator that holds one of `known`. */
export const toCreationOptions = (
  deps: Origins,
  challenge: string,
  person: PersonSummary,
  known: readonly Passkey[],
): CreationOptions => ({
  challenge,
  rp: { id: partyOf(deps).rpId, name: 'Kazasu' },
  user: { id: handleOf(person.id), name: person.number, displayName: person.name },
  pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
  timeout: challengeMilliseconds,
  attestation: 'none',
  excludeCredentials: known.map(toDescriptor),
  authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
});
