import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import type { Grant, GrantFacts } from '#contract/api/logins.ts';
import type { CardEvidence } from '#contract/card.ts';
import { type KeyRings, type Purpose, readKeyRings, type StoredKey, writeKeyRings } from './key-file.ts';

/**
 * Everything that needs a key of the server. The keys live in a file of their own (mode 0600), outside the database:
 * a copied database opens no card, no PIN and no seed. Every purpose has a ring of keys; the newest writes, all read.
 */
export interface Secrets {
  /** Blind index of a card under every key, newest first; the first is the one to store. Number of the key, then HMAC-SHA-256. */
  cardIndexes(card: CardEvidence): readonly [Buffer, ...Buffer[]];
  /** The pepper that new hashes take; with `id` the one that an old hash took. */
  pepper(id?: number): Pepper | undefined;
  /** AES-256-GCM; `about` is bound to it, so that a sealed seed cannot be moved to another person or kind. */
  seal(plain: string, about: string): Sealed;
  /** Undefined when it was changed, moved, or sealed by a key that is gone. */
  tryOpen(sealed: Sealed, about: string): string | undefined;
  /** A mark by which the server knows its own words again: number of the key, then HMAC-SHA-256, base64url. */
  vouch(text: string, about: string): string;
  isVouched(text: string, about: string, mark: string): boolean;
  signGrant(facts: GrantFacts): Grant;
  /** Ed25519, SPKI, PEM: the key that new grants are signed by. */
  grantPublicKey(): string;
  /** Makes a new key for one purpose; older ones still read. */
  rotate(purpose: Purpose): void;
  /** Names every key without telling it: HMAC-SHA-256 of a constant under it. */
  marks(): readonly { readonly purpose: Purpose; readonly key: number; readonly mark: string }[];
}

export interface Pepper {
  readonly id: number;
  readonly key: Uint8Array;
}

/** Nonce, ciphertext and tag in base64url, with the number of the key. */
export interface Sealed {
  readonly key: number;
  readonly text: string;
}

/** Reads the keys in `dataFolder`, or makes them at the first start. Throws when the file is damaged or open to others. */
export function createSecrets(dataFolder: string): Secrets {
  let rings = readKeyRings(dataFolder) ?? firstRings(dataFolder);
  let signer = signerOf(rings);

  return {
    cardIndexes(card) {
      const canonical = canonicalCard(card);
      const [newest, ...older] = newestFirst(rings['card-index']);
      return [indexOf(newest, canonical), ...older.map((key) => indexOf(key, canonical))];
    },
    pepper(id) {
      const ring = newestFirst(rings['pin-pepper']);
      const key = id === undefined ? ring[0] : ring.find((one) => one.id === id);
      return key && { id: key.id, key: bytesOf(key) };
    },
    seal(plain, about) {
      const [key] = newestFirst(rings.sealing);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', bytesOf(key), nonce).setAAD(Buffer.from(about));
      const text = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { key: key.id, text: text.toString('base64url') };
    },
    tryOpen(sealed, about) {
      const key = rings.sealing.find((one) => one.id === sealed.key);
      const text = Buffer.from(sealed.text, 'base64url');
      if (!key || text.length < 28) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', bytesOf(key), text.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(about)).setAuthTag(text.subarray(-16));
        return Buffer.concat([decipher.update(text.subarray(12, -16)), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
    vouch(text, about) {
      const [key] = newestFirst(rings.sealing);
      return `${key.id}.${markOf(key, text, about).toString('base64url')}`;
    },
    isVouched(text, about, mark) {
      const [id, given = ''] = mark.split('.');
      const key = rings.sealing.find((one) => String(one.id) === id);
      const bytes = Buffer.from(given, 'base64url');
      return key !== undefined && bytes.length === 32 && timingSafeEqual(bytes, markOf(key, text, about));
    },
    signGrant(facts) {
      const payload = Buffer.from(JSON.stringify(facts)).toString('base64url');
      return { payload, signature: sign(null, Buffer.from(payload), signer).toString('base64url') };
    },
    grantPublicKey: () => createPublicKey(signer).export({ type: 'spki', format: 'pem' }).toString(),
    marks: () =>
      (Object.keys(rings) as Purpose[]).flatMap((purpose) =>
        rings[purpose].map((key) => ({
          purpose,
          key: key.id,
          mark: createHmac('sha256', bytesOf(key)).update(`kazasu key mark ${purpose}`).digest('base64url'),
        })),
      ),
    rotate(purpose) {
      const id = Math.max(...rings[purpose].map((key) => key.id)) + 1;
      const next = { ...rings, [purpose]: [...rings[purpose], freshKey(purpose, id)] } as KeyRings;
      writeKeyRings(dataFolder, next);
      rings = next;
      signer = signerOf(rings);
    },
  };
}

function firstRings(dataFolder: string): KeyRings {
  const rings: KeyRings = {
    'card-index': [freshKey('card-index', 1)],
    'pin-pepper': [freshKey('pin-pepper', 1)],
    sealing: [freshKey('sealing', 1)],
    grant: [freshKey('grant', 1)],
  };
  writeKeyRings(dataFolder, rings);
  return rings;
}

function freshKey(purpose: Purpose, id: number): StoredKey {
  if (purpose !== 'grant') return { id, key: randomBytes(32).toString('base64') };
  const { privateKey } = generateKeyPairSync('ed25519');
  return { id, key: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64') };
}

function newestFirst(ring: KeyRings[Purpose]): [StoredKey, ...StoredKey[]] {
  return [...ring].sort((one, other) => other.id - one.id) as [StoredKey, ...StoredKey[]];
}

/** HMAC-SHA-256 under a key that is derived for this use alone (HKDF, RFC 5869). */
function markOf(key: StoredKey, text: string, about: string): Buffer {
  const derived = hkdfSync('sha256', bytesOf(key), '', `kazasu vouch ${about}`, 32);
  return createHmac('sha256', Buffer.from(derived)).update(text).digest();
}

const bytesOf = (key: StoredKey): Buffer => Buffer.from(key.key, 'base64');

function signerOf(rings: KeyRings): KeyObject {
  return createPrivateKey({ key: bytesOf(newestFirst(rings.grant)[0]), format: 'der', type: 'pkcs8' });
}

/** What makes a card this card, whatever the reader: technology, FeliCa system code, identifier. */
const canonicalCard = (card: CardEvidence): string => `${card.technology}|${card.systemCode ?? ''}|${card.identifier}`;

function indexOf(key: StoredKey, canonical: string): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(key.id);
  return Buffer.concat([number, createHmac('sha256', bytesOf(key)).update(canonical).digest()]);
}
