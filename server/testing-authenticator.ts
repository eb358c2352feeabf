import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Assertion, AssertionOptions, Attestation, CreationOptions } from '#contract/api/passkeys.ts';

/** A browser and its authenticator in software, written from WebAuthn Level 3, CTAP 2.1 and RFC 8949; shares no code with what it tests. */

type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

/** RFC 8949, 3: the major type in the upper three bits, then the shortest form of the argument. */
const head = (major: number, argument: number): Buffer => {
  const type = major << 5;
  if (argument < 24) return Buffer.from([type | argument]);
  if (argument < 0x100) return Buffer.from([type | 24, argument]);
  if (argument < 0x10000) return Buffer.from([type | 25, argument >> 8, argument & 0xff]);
  throw new Error('longer than a test needs');
};

export const encode = (value: Cbor): Buffer => {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) {
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, one]) => [encode(key), encode(one)])]);
  }
  const list = value as readonly Cbor[];
  return Buffer.concat([head(4, list.length), ...list.map(encode)]);
};

/** COSE_Key of an EC2 key on P-256 for ES256 (RFC 9053, 7.1.1), in the order of CTAP 2.1, 8. */
export const ecKey = (x: Uint8Array, y: Uint8Array, alg = -7): Map<number, Cbor> =>
  new Map<number, Cbor>([
    [1, 2],
    [3, alg],
    [-1, 1],
    [-2, x],
    [-3, y],
  ]);

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
const fromText = (text: string): Buffer => Buffer.from(text, 'base64url');

export const flag = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, attested: 0x40, extended: 0x80 };

interface DataParts {
  readonly rpId: string;
  readonly flags: number;
  readonly counter: number;
  readonly attested?: { readonly aaguid: Uint8Array; readonly id: Uint8Array; readonly key: ReadonlyMap<number, Cbor> };
}

/** Authenticator data (WebAuthn 6.1): RP id hash, flags, counter; then AAGUID, length and id of the credential, its key. */
export const authenticatorData = ({ rpId, flags, counter, attested }: DataParts): Buffer => {
  const counted = Buffer.alloc(4);
  counted.writeUInt32BE(counter);
  const start = [sha256(rpId), Buffer.from([flags]), counted];
  if (!attested) return Buffer.concat(start);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(attested.id.length);
  return Buffer.concat([...start, attested.aaguid, length, attested.id, encode(attested.key)]);
};

export const attestationObject = (format: string, statement: ReadonlyMap<string, Cbor>, data: Uint8Array): Buffer =>
  encode(
    new Map<string, Cbor>([
      ['fmt', format],
      ['attStmt', statement],
      ['authData', data],
    ]),
  );

/** What differs from an honest answer. */
export interface Twist {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly id?: string;
  readonly userHandle?: string | null;
  /** Signs in the place of the passkey's own key. */
  readonly signer?: KeyObject;
  /** Changes the COSE_Key before it is sent. */
  readonly key?: (key: Map<number, Cbor>) => void;
  readonly format?: string;
  /** An attestation statement; gets what a signature in it is made over. */
  readonly statement?: (signed: Buffer) => ReadonlyMap<string, Cbor>;
}

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

const makeKeys = (algorithm: Algorithm): KeyObject => {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
};

const toCose = (key: KeyObject): Map<number, Cbor> => {
  // The private form holds the public members too.
  const { kty, x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  if (kty === 'EC') return ecKey(fromText(x), fromText(y));
  if (kty === 'OKP') {
    return new Map<number, Cbor>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, fromText(x)],
    ]);
  }
  return new Map<number, Cbor>([
    [1, 3],
    [3, -257],
    [-1, fromText(n)],
    [-2, fromText(e)],
  ]);
};

export interface Authenticator {
  readonly id: string;
  readonly key: KeyObject;
  create(options: CreationOptions, twist?: Twist): Attestation;
  get(options: AssertionOptions, twist?: Twist): Assertion;
}

/** One passkey. `counts`: whether its counter goes up at each use, or stays at 0 as those do that are synced. */
export const createAuthenticator = (
  origin: string,
  { algorithm = 'ES256' as Algorithm, counts = true, pkcs8 = undefined as Buffer | undefined } = {},
): Authenticator => {
  const key = pkcs8 ? createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }) : makeKeys(algorithm);
  const id = randomBytes(32);
  let counter = 0;
  let owner: string | null = null;
  const count = (): number => {
    if (counts) counter += 1;
    return counter;
  };
  const clientData = (type: string, challenge: string, twist: Twist): string => {
    const { crossOrigin = false, topOrigin } = twist;
    const said = { type: twist.type ?? type, challenge: twist.challenge ?? challenge, origin: twist.origin ?? origin };
    return Buffer.from(JSON.stringify({ ...said, crossOrigin, topOrigin })).toString('base64url');
  };
  const usual = flag.present | flag.verified | (counts ? 0 : flag.eligible | flag.backedUp);
  return {
    id: id.toString('base64url'),
    key,
    create: (options, twist = {}) => {
      owner = options.user.id;
      const cose = toCose(key);
      twist.key?.(cose);
      const data = authenticatorData({
        rpId: twist.rpId ?? options.rp.id,
        flags: (twist.flags ?? usual) | flag.attested,
        counter: twist.counter ?? count(),
        attested: { aaguid: Buffer.alloc(16), id, key: cose },
      });
      const clientDataJSON = clientData('webauthn.create', options.challenge, twist);
      const signed = Buffer.concat([data, sha256(fromText(clientDataJSON))]);
      const object = attestationObject(twist.format ?? 'none', twist.statement?.(signed) ?? new Map(), data);
      return {
        id: twist.id ?? id.toString('base64url'),
        clientDataJSON,
        attestationObject: object.toString('base64url'),
        transports: ['internal'],
      };
    },
    get: (options, twist = {}) => {
      const data = authenticatorData({
        rpId: twist.rpId ?? options.rpId,
        flags: twist.flags ?? usual,
        counter: twist.counter ?? count(),
      });
      const clientDataJSON = clientData('webauthn.get', options.challenge, twist);
      const signer = twist.signer ?? key;
      const hash = signer.asymmetricKeyType === 'ed25519' ? null : 'sha256';
      const signature = sign(hash, Buffer.concat([data, sha256(fromText(clientDataJSON))]), signer);
      return {
        id: twist.id ?? id.toString('base64url'),
        clientDataJSON,
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: twist.userHandle === undefined ? owner : twist.userHandle,
      };
    },
  };
};
