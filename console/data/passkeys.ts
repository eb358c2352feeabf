import type { Assertion, AssertionOptions, Attestation, CreationOptions } from '#contract/api/passkeys.ts';

/** What came of asking an authenticator, in terms of what a person can do about it. */
export type PasskeyProblem = {
  /** `known`: it holds a passkey of this person; `address`: not on this page's host; `unable`: no such authenticator. */
  readonly why: 'cancelled' | 'known' | 'address' | 'unable';
  /** Host that passkeys are for. */
  readonly host: string;
};
export type Asked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: PasskeyProblem };

/** Whether this browser knows passkeys at all. */
export const hasPasskeys = (): boolean => 'PublicKeyCredential' in globalThis && 'credentials' in navigator;

export const toBytes = (text: string): Uint8Array<ArrayBuffer> => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

export const toText = (bytes: ArrayBuffer): string => {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
};

/** By the names of WebAuthn 5.1.3 and 5.1.4. */
export const whyOf = (problem: unknown): PasskeyProblem['why'] => {
  const { name } = problem as { name?: string };
  if (name === 'InvalidStateError') return 'known';
  if (name === 'SecurityError') return 'address';
  return name === 'NotAllowedError' || name === 'AbortError' ? 'cancelled' : 'unable';
};

type Descriptors = AssertionOptions['allowCredentials'];
const describe = (all: Descriptors): PublicKeyCredentialDescriptor[] =>
  all.map(({ type, id, transports }) => ({
    type,
    id: toBytes(id),
    transports: transports as AuthenticatorTransport[],
  }));

const ask = async <Value>(host: string, work: () => Promise<Value>): Promise<Asked<Value>> => {
  try {
    return { ok: true, value: await work() };
  } catch (problem) {
    return { ok: false, problem: { why: whyOf(problem), host } };
  }
};

const isPasskey = (found: Credential | null): found is PublicKeyCredential => found?.type === 'public-key';

/** Has the person use a passkey: the browser shows its own windows meanwhile. */
export const askPasskey = (options: AssertionOptions): Promise<Asked<Assertion>> =>
  ask(options.rpId, async () => {
    const found = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: describe(options.allowCredentials),
      },
    });
    if (!isPasskey(found)) throw new DOMException('no passkey', 'NotAllowedError');
    const response = found.response as AuthenticatorAssertionResponse;
    return {
      id: found.id,
      clientDataJSON: toText(response.clientDataJSON),
      authenticatorData: toText(response.authenticatorData),
      signature: toText(response.signature),
      userHandle: response.userHandle === null ? null : toText(response.userHandle),
    };
  });

/** Has the person make one. */
export const makePasskey = (options: CreationOptions): Promise<Asked<Attestation>> =>
  ask(options.rp.id, async () => {
    const found = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: describe(options.excludeCredentials),
      },
    });
    if (!isPasskey(found)) throw new DOMException('no passkey', 'NotAllowedError');
    const response = found.response as AuthenticatorAttestationResponse;
    return {
      id: found.id,
      clientDataJSON: toText(response.clientDataJSON),
      attestationObject: toText(response.attestationObject),
      transports: response.getTransports().slice(0, 8),
    };
  });
