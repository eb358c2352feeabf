import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyPurpose } from '#contract/api/keys.ts';
import type { Grant, GrantFacts } from '#contract/api/logins.ts';
import type { CardEvidence } from '#contract/card.ts';
import { readKeyRings, writeFirstKeyRings } from './key-file.ts';
import { inOrder, type KeyRings, type StoredKey } from './key-ring.ts';

/**
 * Everything that needs a key of the server. The keys live in a file of their own (mode 0600), outside the database:
 * a copied database opens no card, no PIN and no seed. Every purpose has a ring of keys; the newest in use writes, all read.
 */
export interface Secrets {
  /** Blind index of a card under every key, the one to store first. Number of the key, then HMAC-SHA-256. */
  cardIndexes(card: CardEvidence): readonly [Buffer, ...Buffer[]];
  /** Index of a code that is typed, under every key, the one to store first: without the key a copied database tells no code. */
  codeIndexes(kind: string, digits: string): readonly [Buffer, ...Buffer[]];
  /** The pepper that new hashes take; with `id` the one that an old hash took. */
  pepper(id?: number): Pepper | undefined;
  /** What every hash of a PIN or password costs whoever guesses. */
  readonly hashCost: HashCost;
  /**
   * Seals under a data key of its own, which is sealed under the ring's key. `about` is bound to both, so that a sealed
   * seed cannot be moved to another person or kind.
   */
  seal(plain: string, about: string): Sealed;
  /** Undefined when it was changed, moved, or sealed by a key that is gone. */
  tryOpen(sealed: Sealed, about: string): string | undefined;
  /** A mark by which the server knows its own words again: number of the key, then HMAC-SHA-256, base64url. */
  vouch(text: string, about: string): string;
  isVouched(text: string, about: string, mark: string): boolean;
  /**
   * The same under the ring's newest key: only its data key is opened and sealed anew. What is of the old form is sealed
   * anew as a whole. Undefined when it does not open.
   */
  tryReseal(sealed: Sealed, about: string): Sealed | undefined;
  /** The number of the key that seals now. */
  sealingKey(): number;
  signGrant(facts: GrantFacts): Grant;
  /** Ed25519, SPKI, PEM: the keys that grants are signed by now, later or before. */
  grantKeys(): { readonly id: number; readonly key: string }[];
  /** Works with these keys from now on. */
  take(rings: KeyRings): void;
}

export interface Pepper {
  readonly id: number;
  readonly key: Uint8Array;
}

/** Argon2id with one lane. */
export interface HashCost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
}
/** OWASP Password Storage. Tests may take less; nothing that is set does. */
export const usualHashCost: HashCost = { memory: 19_456, passes: 2 };

/**
 * Each is nonce, ciphertext and tag (AES-256-GCM) in base64url. `wrapped` is the data key under the ring's key of this
 * number; without it `text` itself is under that key, as it was once done.
 */
export interface Sealed {
  readonly key: number;
  readonly wrapped?: string | undefined;
  readonly text: string;
}

/** Reads the keys in `dataFolder`, or makes them at the first start. Throws when the file is damaged or open to others. */
export function createSecrets(dataFolder: string, now: Date = new Date(), hashCost?: HashCost): Secrets {
  return secretsOf(readOrMakeKeyRings(dataFolder, now), hashCost);
}

export function readOrMakeKeyRings(dataFolder: string, now: Date): KeyRings {
  return readKeyRings(dataFolder) ?? writeFirstKeyRings(dataFolder, firstRings(now));
}

export function secretsOf(given: KeyRings, hashCost = usualHashCost): Secrets {
  let rings = given;
  let signer = signerOf(rings);

  const wrap = (dataKey: Buffer, about: string): Pick<Sealed, 'key' | 'wrapped'> => {
    const [key] = inOrder(rings.sealing);
    return { key: key.id, wrapped: encrypt(secretKeyOf(key), dataKey, aboutDataKey(about)) };
  };
  const tryUnwrap = (sealed: Sealed, about: string): Buffer | undefined => {
    const key = rings.sealing.find((one) => one.id === sealed.key);
    return key && tryDecrypt(secretKeyOf(key), sealed.wrapped ?? '', aboutDataKey(about));
  };
  const seal = (plain: string, about: string): Sealed => {
    const dataKey = randomBytes(32);
    return { ...wrap(dataKey, about), text: encrypt(createSecretKey(dataKey), Buffer.from(plain), about) };
  };
  const tryOpen = (sealed: Sealed, about: string): string | undefined => {
    const old = rings.sealing.find((one) => one.id === sealed.key);
    if (sealed.wrapped === undefined) return old && tryDecrypt(secretKeyOf(old), sealed.text, about)?.toString('utf8');
    const dataKey = tryUnwrap(sealed, about);
    return dataKey && tryDecrypt(createSecretKey(dataKey), sealed.text, about)?.toString('utf8');
  };

  return {
    cardIndexes(card) {
      const canonical = canonicalCard(card);
      const [newest, ...others] = inOrder(rings['card-index']);
      return [indexOf(newest, canonical), ...others.map((key) => indexOf(key, canonical))];
    },
    codeIndexes(kind, digits) {
      const [newest, ...others] = inOrder(rings['card-index']);
      const index = (key: StoredKey) => numbered(key, vouchedBy(key, digits, `code ${kind}`));
      return [index(newest), ...others.map(index)];
    },
    pepper(id) {
      const ring = inOrder(rings['pin-pepper']);
      const key = id === undefined ? ring[0] : ring.find((one) => one.id === id);
      return key && { id: key.id, key: bytesOf(key) };
    },
    hashCost,
    seal,
    tryOpen,
    tryReseal(sealed, about) {
      if (sealed.wrapped === undefined) {
        const plain = tryOpen(sealed, about);
        return plain === undefined ? undefined : seal(plain, about);
      }
      const dataKey = tryUnwrap(sealed, about);
      return dataKey && { ...wrap(dataKey, about), text: sealed.text };
    },
    vouch(text, about) {
      const [key] = inOrder(rings.sealing);
      return `${key.id}.${vouchedBy(key, text, about).toString('base64url')}`;
    },
    isVouched(text, about, mark) {
      const [id, given = ''] = mark.split('.');
      const key = rings.sealing.find((one) => String(one.id) === id);
      const bytes = Buffer.from(given, 'base64url');
      return key !== undefined && bytes.length === 32 && timingSafeEqual(bytes, vouchedBy(key, text, about));
    },
    sealingKey: () => inOrder(rings.sealing)[0].id,
    signGrant(facts) {
      const payload = Buffer.from(JSON.stringify(facts)).toString('base64url');
      const signature = sign(null, Buffer.from(payload), signer.key).toString('base64url');
      return { key: signer.id, payload, signature };
    },
    grantKeys: () =>
      rings.grant.map((key) => ({
        id: key.id,
        key: createPublicKey(privateKeyOf(key)).export({ type: 'spki', format: 'pem' }).toString(),
      })),
    take(next) {
      signer = signerOf(next);
      rings = next;
    },
  };
}

/** Names every key without telling it: HMAC-SHA-256 of a constant under it. */
export function markOf(purpose: KeyPurpose, key: StoredKey): string {
  return createHmac('sha256', bytesOf(key)).update(`kazasu key mark ${purpose}`).digest('base64url');
}

export function createKey(purpose: Exclude<KeyPurpose, 'ca'>): string {
  if (purpose !== 'grant' && purpose !== 'log') return randomBytes(32).toString('base64');
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

function firstRings(now: Date): KeyRings {
  const first = (purpose: Exclude<KeyPurpose, 'ca'>): [StoredKey] => [
    { id: 1, key: createKey(purpose), madeAt: now.toISOString(), usedFrom: now.toISOString() },
  ];
  return {
    'card-index': first('card-index'),
    'pin-pepper': first('pin-pepper'),
    sealing: first('sealing'),
    grant: first('grant'),
    log: first('log'),
  };
}

/** HMAC-SHA-256 under a key that is derived for this use alone (HKDF, RFC 5869). */
function vouchedBy(key: StoredKey, text: string, about: string): Buffer {
  return createHmac('sha256', vouchingKey(key, about)).update(text).digest();
}

const vouchingKeys = new WeakMap<StoredKey, Map<string, KeyObject>>();

/** Derived once for each key and use: every tap and every proof needs it. */
function vouchingKey(key: StoredKey, about: string): KeyObject {
  const known = vouchingKeys.get(key) ?? new Map<string, KeyObject>();
  vouchingKeys.set(key, known);
  const found = known.get(about);
  if (found !== undefined) return found;
  const derived = createSecretKey(Buffer.from(hkdfSync('sha256', bytesOf(key), '', `kazasu vouch ${about}`, 32)));
  known.set(about, derived);
  return derived;
}

const secretKeys = new WeakMap<StoredKey, KeyObject>();

/** As an object: with bytes, Node takes several times as long for each HMAC and each cipher. */
function secretKeyOf(key: StoredKey): KeyObject {
  const known = secretKeys.get(key) ?? createSecretKey(bytesOf(key));
  secretKeys.set(key, known);
  return known;
}

const bytesOf = (key: StoredKey): Buffer => Buffer.from(key.key, 'base64');

const privateKeyOf = (key: StoredKey): KeyObject =>
  createPrivateKey({ key: bytesOf(key), format: 'der', type: 'pkcs8' });

function signerOf(rings: KeyRings): { readonly id: number; readonly key: KeyObject } {
  const [newest] = inOrder(rings.grant);
  return { id: newest.id, key: privateKeyOf(newest) };
}

/** A sealed data key is not taken for a sealed secret, nor the other way round. */
const aboutDataKey = (about: string): string => `data key for ${about}`;

function encrypt(key: KeyObject, plain: Buffer, about: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function tryDecrypt(key: KeyObject, sealed: string, about: string): Buffer | undefined {
  const text = Buffer.from(sealed, 'base64url');
  if (key.symmetricKeySize !== 32 || text.length < 28) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, text.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(about)).setAuthTag(text.subarray(-16));
    return Buffer.concat([decipher.update(text.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** What makes a card this card, whatever the reader: technology, FeliCa system code, identifier. */
const canonicalCard = (card: CardEvidence): string => `${card.technology}|${card.systemCode ?? ''}|${card.identifier}`;

const indexOf = (key: StoredKey, canonical: string): Buffer =>
  numbered(key, createHmac('sha256', secretKeyOf(key)).update(canonical).digest());

function numbered(key: StoredKey, mark: Buffer): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(key.id);
  return Buffer.concat([number, mark]);
}
