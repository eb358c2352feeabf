import { z } from 'zod';
import { instant, passkeyId, personId } from '../ids.ts';
import { signedIn } from './console.ts';
import { factorSummary, passkeySummary, text } from './people.ts';
import { table } from './row.ts';

/** Bytes in base64url without padding; `longest` counts characters. */
const bytes = (longest: number) => z.base64url().min(1).max(longest);

/** COSE algorithms that a passkey may have: ES256, EdDSA (Ed25519), RS256; the usual ones first. */
export const passkeyAlgorithms = [-7, -8, -257] as const;

const descriptor = z.strictObject({
  type: z.literal('public-key'),
  id: bytes(1400),
  transports: z.array(z.string().max(20)),
});

/** What a page gives to `navigator.credentials.get`, bytes in base64url (WebAuthn 5.5). */
export const assertionOptions = z.strictObject({
  challenge: bytes(64),
  rpId: z.string(),
  timeout: z.int(),
  userVerification: z.literal('required'),
  /** Empty at the sign-in: whoever comes is unknown, and the authenticator says which passkey it has. */
  allowCredentials: z.array(descriptor),
});
export type AssertionOptions = z.infer<typeof assertionOptions>;

/** What a page gives to `navigator.credentials.create`, bytes in base64url (WebAuthn 5.4). */
export const creationOptions = z.strictObject({
  challenge: bytes(64),
  rp: z.strictObject({ id: z.string(), name: z.string() }),
  user: z.strictObject({ id: bytes(86), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.strictObject({ type: z.literal('public-key'), alg: z.int() })),
  timeout: z.int(),
  attestation: z.literal('none'),
  excludeCredentials: z.array(descriptor),
  authenticatorSelection: z.strictObject({
    residentKey: z.literal('required'),
    requireResidentKey: z.literal(true),
    userVerification: z.literal('required'),
  }),
});
export type CreationOptions = z.infer<typeof creationOptions>;

/** What an authenticator answered to `get` (WebAuthn 5.2.2). */
export const assertion = z.strictObject({
  id: bytes(1400),
  clientDataJSON: bytes(2000),
  authenticatorData: bytes(2000),
  signature: bytes(1400),
  userHandle: bytes(86).nullable(),
});
export type Assertion = z.infer<typeof assertion>;

/** What an authenticator answered to `create` (WebAuthn 5.2.1). */
export const attestation = z.strictObject({
  id: bytes(1400),
  clientDataJSON: bytes(2000),
  attestationObject: bytes(12_000),
  transports: z.array(z.string().max(20)).max(8),
});
export type Attestation = z.infer<typeof attestation>;

/**
 * Whoever changes how they sign in proves anew who they are (ASVS 5.0 7.5.1): by both secrets in the same request, or by
 * a passkey that this session used within the last minutes.
 */
export const proof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secrets'), password: z.string().max(256), code: z.string().max(12) }),
  z.strictObject({ kind: z.literal('passkey') }),
]);
export type Proof = z.infer<typeof proof>;

const everyone = ['helpdesk', 'admin', 'auditor', 'operator'] as const;

export const passkeys = table({
  'passkeys/begin-sign-in': {
    method: 'POST',
    path: '/v1/console/passkey/begin',
    sender: 'anyone',
    event: null,
    failures: [],
    summary: 'A challenge for `passkeys/sign-in`, good once and for a few minutes.',
    body: z.strictObject({}),
    answer: z.strictObject({ options: assertionOptions }),
  },
  'passkeys/sign-in': {
    method: 'POST',
    path: '/v1/console/passkey',
    sender: 'anyone',
    event: 'console.signed-in',
    failures: ['PASSKEY_REFUSED'],
    summary: 'A passkey with its PIN, finger or face: two factors in one. Sets the session cookie.',
    body: z.strictObject({ assertion }),
    answer: signedIn,
  },
  'passkeys/list': {
    method: 'GET',
    path: '/v1/console/passkeys',
    sender: everyone,
    event: null,
    failures: [],
    summary: 'How the signed-in person may sign in: their passkeys, password and authenticator.',
    answer: z.strictObject({
      passkeys: z.array(passkeySummary),
      factors: z.array(factorSummary),
      /** Until when a passkey that this session used counts as proof; `null` when none does. */
      provenUntil: instant.nullable(),
    }),
  },
  'passkeys/begin-proof': {
    method: 'POST',
    path: '/v1/console/proof/begin',
    sender: everyone,
    event: null,
    failures: ['PASSKEY_UNKNOWN'],
    summary: 'A challenge for `passkeys/prove`, for the passkeys of the signed-in person.',
    body: z.strictObject({}),
    answer: z.strictObject({ options: assertionOptions }),
  },
  'passkeys/prove': {
    method: 'POST',
    path: '/v1/console/proof',
    sender: everyone,
    event: 'console.proof-accepted',
    failures: ['PASSKEY_REFUSED'],
    summary: 'The signed-in person uses a passkey again, which counts as proof for a few minutes. Renews the cookie.',
    body: z.strictObject({ assertion }),
    answer: z.strictObject({ provenUntil: instant }),
  },
  'passkeys/begin-enrolment': {
    method: 'POST',
    path: '/v1/console/passkeys/begin',
    sender: everyone,
    event: 'console.proof-accepted',
    failures: ['CONSOLE_PROOF_REFUSED', 'PASSKEY_TOO_MANY', 'SERVER_BUSY'],
    summary: 'A challenge for `passkeys/enrol`, after a new proof. Renews the cookie when the proof is given here.',
    body: z.strictObject({ proof }),
    answer: z.strictObject({ options: creationOptions }),
  },
  'passkeys/enrol': {
    method: 'POST',
    path: '/v1/console/passkeys',
    sender: everyone,
    event: 'passkey.enrolled',
    failures: ['PASSKEY_REFUSED', 'PASSKEY_TOO_MANY'],
    summary: 'Keeps the new passkey of the signed-in person.',
    body: z.strictObject({ label: text(40), attestation }),
    answer: z.strictObject({ passkey: passkeySummary }),
  },
  'passkeys/remove': {
    method: 'POST',
    path: '/v1/console/passkeys/:passkey/remove',
    sender: everyone,
    event: 'passkey.removed',
    failures: ['CONSOLE_PROOF_REFUSED', 'PASSKEY_UNKNOWN', 'PASSKEY_LAST', 'SERVER_BUSY'],
    summary: 'Removes a passkey of one’s own, after a new proof; never the last way in. Its other sessions end.',
    params: z.strictObject({ passkey: passkeyId }),
    body: z.strictObject({ proof }),
    answer: z.strictObject({}),
  },
  'console/renew-secrets': {
    method: 'POST',
    path: '/v1/console/secrets',
    sender: everyone,
    event: 'person.changed',
    failures: ['CONSOLE_PROOF_REFUSED', 'SERVER_BUSY'],
    summary: 'After a new proof: a one-time code for `console/accept-invitation`, to set password and TOTP anew.',
    body: z.strictObject({ proof }),
    answer: z.strictObject({ code: z.string(), expiresAt: instant }),
  },
  'passkeys/revoke': {
    method: 'POST',
    path: '/v1/people/:person/passkeys/:passkey/revoke',
    sender: ['helpdesk', 'admin'],
    event: 'passkey.removed',
    failures: ['PERSON_UNKNOWN', 'PERSON_SELF', 'PASSKEY_UNKNOWN'],
    summary: 'Revokes somebody’s passkey for ever; sessions that it opened end. For people of the console by an admin.',
    params: z.strictObject({ person: personId, passkey: passkeyId }),
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
});
