import { createHash, createPublicKey, type JsonWebKey, timingSafeEqual } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import {
  decodeAttestationObject,
  decodeCredentialPublicKey,
  type ParsedAuthenticatorData,
  parseAuthenticatorData,
} from '@simplewebauthn/server/helpers';
import { z } from 'zod';
import { type Assertion, type Attestation, passkeyAlgorithms } from '#contract/api/passkeys.ts';
import type { PasskeyToKeep } from './store/passkeys.ts';

/** This server, as browsers know it (WebAuthn: relying party). */
export interface Party {
  /** Host of the console's origin: passkeys are bound to it. */
  readonly rpId: string;
  /** Origins that the console may be loaded from. */
  readonly origins: readonly string[];
}

/** Why what an authenticator or its browser said is not taken. For the log alone. */
export type WhyUnfit =
  | 'malformed'
  | 'wrong-purpose'
  | 'wrong-origin'
  | 'wrong-host'
  | 'not-verified'
  | 'wrong-signature'
  | 'wrong-attestation'
  | 'wrong-algorithm'
  | 'credential-damaged';

interface Unfit {
  readonly ok: false;
  readonly why: WhyUnfit;
}
const unfit = (why: WhyUnfit): Unfit => ({ ok: false, why });

const clientData = z.object({
  type: z.string(),
  challenge: z.string().max(100),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

/** What the browser says of the call, before it is known whether an authenticator signed it (WebAuthn 5.8.1). */
export function readClientData(
  { origins }: Party,
  text: string,
  type: 'webauthn.create' | 'webauthn.get',
): { readonly ok: true; readonly challenge: string } | Unfit {
  const parsed = clientData.safeParse(tryParse(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success) return unfit('malformed');
  const { challenge, origin, crossOrigin, topOrigin } = parsed.data;
  if (parsed.data.type !== type) return unfit('wrong-purpose');
  // No page of ours lies in a frame.
  if (!origins.includes(origin) || crossOrigin === true || topOrigin !== undefined) return unfit('wrong-origin');
  return { ok: true, challenge };
}

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** RP id and flags, which the library looks at again: here so that the log has the exact reason. */
const whyUnfit = ({ rpId }: Party, { rpIdHash, flags }: ParsedAuthenticatorData): WhyUnfit | undefined => {
  if (!timingSafeEqual(rpIdHash, createHash('sha256').update(rpId).digest())) return 'wrong-host';
  return flags.up && flags.uv ? undefined : 'not-verified';
};

/** Whether `bytes` are a COSE_Key of one of our algorithms, with every member that it must have, and a point of its curve. */
export function isSoundKey(bytes: Uint8Array): boolean {
  try {
    const members = decodeCredentialPublicKey(new Uint8Array(bytes)) as Map<number, unknown>;
    const text = (label: number): string => {
      const value = members.get(label);
      if (!(value instanceof Uint8Array)) throw new Error('not bytes');
      return Buffer.from(value).toString('base64url');
    };
    const key = createPublicKey({ key: toJwk(members, text), format: 'jwk' });
    const { modulusLength = 2048, publicExponent = 65_537n } = key.asymmetricKeyDetails ?? {};
    return modulusLength >= 2048 && modulusLength <= 4096 && publicExponent >= 65_537n;
  } catch {
    return false;
  }
}

/** Labels of COSE keys: 1 kty, 3 alg, -1 crv or n, -2 x or e, -3 y (RFC 9053, 7; RFC 8230, 4). */
function toJwk(members: Map<number, unknown>, text: (label: number) => string): JsonWebKey {
  const [kty, alg, curve] = [members.get(1), members.get(3), members.get(-1)];
  if (kty === 2 && alg === -7 && curve === 1) return { kty: 'EC', crv: 'P-256', x: text(-2), y: text(-3) };
  if (kty === 1 && alg === -8 && curve === 6) return { kty: 'OKP', crv: 'Ed25519', x: text(-2) };
  if (kty === 3 && alg === -257) return { kty: 'RSA', n: text(-1), e: text(-2) };
  throw new Error('no algorithm of ours');
}

export type AssertionVerdict = { readonly ok: true; readonly counter: number } | Unfit;

/**
 * Whether the owner of this key signed this call here and now, by their own hand and with a second factor (user
 * verification). Client data have been read before; the counter is the caller's to judge, once the signature holds.
 */
export async function verifyAssertion(
  party: Party,
  given: Assertion,
  challenge: string,
  publicKey: Uint8Array,
): Promise<AssertionVerdict> {
  if (!isSoundKey(publicKey)) return unfit('credential-damaged');
  const { id, clientDataJSON, authenticatorData, signature } = given;
  try {
    const why = whyUnfit(party, parseAuthenticatorData(toBytes(authenticatorData)));
    if (why) return unfit(why);
    const verdict = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.rpId,
      requireUserVerification: true,
      credential: { id, publicKey: new Uint8Array(publicKey), counter: 0 },
    });
    return verdict.verified ? { ok: true, counter: verdict.authenticationInfo.newCounter } : unfit('wrong-signature');
  } catch {
    return unfit('malformed');
  }
}

export type NewPasskey = Pick<PasskeyToKeep, 'credentialId' | 'publicKey' | 'counter' | 'synced'>;
export type AttestationVerdict = { readonly ok: true; readonly passkey: NewPasskey } | Unfit;

/**
 * A new passkey. Attestation is asked for by nobody: browsers leave it out or send one by the passkey's own key. Any other
 * is refused before the library sees it, which would fetch revocation lists from addresses in its certificates.
 */
export async function verifyAttestation(
  party: Party,
  given: Attestation,
  challenge: string,
): Promise<AttestationVerdict> {
  const { id, clientDataJSON, attestationObject } = given;
  try {
    const object = decodeAttestationObject(toBytes(attestationObject)) as Map<string, unknown>;
    const [format, data, statement] = [object.get('fmt'), object.get('authData'), object.get('attStmt')];
    if (!(data instanceof Uint8Array) || !(statement instanceof Map)) return unfit('malformed');
    if (format !== 'none' && (format !== 'packed' || statement.has('x5c'))) return unfit('wrong-attestation');
    const parsed = parseAuthenticatorData(new Uint8Array(data));
    const { credentialID, credentialPublicKey } = parsed;
    if (!credentialID || credentialID.length > 1023 || !credentialPublicKey) return unfit('malformed');
    if (!Buffer.from(credentialID).equals(toBytes(id))) return unfit('malformed');
    const why = whyUnfit(party, parsed);
    if (why) return unfit(why);
    const algorithm = (decodeCredentialPublicKey(credentialPublicKey) as Map<number, unknown>).get(3);
    if (!isSoundKey(credentialPublicKey)) return unfit('wrong-algorithm');
    if (format === 'packed' && statement.get('alg') !== algorithm) return unfit('wrong-algorithm');
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    });
    if (!verified) return unfit('wrong-signature');
    const { credential, credentialDeviceType } = registrationInfo;
    return {
      ok: true,
      passkey: {
        credentialId: Buffer.from(credentialID),
        publicKey: Buffer.from(credential.publicKey),
        counter: credential.counter,
        synced: credentialDeviceType === 'multiDevice',
      },
    };
  } catch {
    return unfit('malformed');
  }
}

const toBytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'));
