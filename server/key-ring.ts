import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KeyPurpose, KeyState } from '#contract/api/keys.ts';

const storedKey = z.strictObject({
  id: z.int().min(1),
  /** 32 random bytes, an Ed25519 private key, or that of an authority (PKCS #8, DER), in base64. */
  key: z.base64(),
  madeAt: z.iso.datetime().optional(),
  usedFrom: z.iso.datetime().optional(),
  /** Everybody reads with it, nobody writes with it yet. */
  waits: z.literal(true).optional(),
});
export type StoredKey = z.infer<typeof storedKey>;

const storedAuthority = storedKey.extend({
  /** PEM, signed by itself. */
  certificate: z.string(),
  /** The same name and key, signed by the authority before it: who trusts that one trusts this one by it. */
  cross: z.string().optional(),
});
export type StoredAuthority = z.infer<typeof storedAuthority>;

/** Numbers are unique, and one key at least is in use. */
const isSound = (ring: readonly StoredKey[]): boolean =>
  new Set(ring.map(({ id }) => id)).size === ring.length && ring.some(({ waits }) => waits !== true);

const ring = z.array(storedKey).refine(isSound);
export const keyRings = z.strictObject({
  'card-index': ring,
  'pin-pepper': ring,
  sealing: ring,
  grant: ring,
  // Not there in the files of older versions, which signed no log.
  log: ring.optional(),
  // Not there in the files of older versions, which kept one authority in a folder of its own.
  ca: z.array(storedAuthority).refine(isSound).optional(),
});
export type KeyRings = z.infer<typeof keyRings>;

export const ringFor = (rings: KeyRings, purpose: KeyPurpose): readonly StoredKey[] => rings[purpose] ?? [];

const newestFirst = <Key extends StoredKey>(keys: readonly Key[]): Key[] =>
  [...keys].sort((one, other) => other.id - one.id);

/** The key that writes, then all others, each of which still reads or reads already. */
export const inOrder = <Key extends StoredKey>(keys: readonly Key[]): [Key, ...Key[]] => {
  const [newest, ...older] = newestFirst(keys.filter(({ waits }) => waits !== true));
  if (newest === undefined) throw new Error('a ring without a key in use');
  return [newest, ...older, ...keys.filter(({ waits }) => waits === true)];
};

export const stateOf = (keys: readonly StoredKey[], key: StoredKey): KeyState => {
  if (key.waits === true) return 'waits';
  return inOrder(keys)[0].id === key.id ? 'in-use' : 'old';
};

export const nextId = (keys: readonly StoredKey[]): number => Math.max(0, ...keys.map(({ id }) => id)) + 1;

const replaceRing = (rings: KeyRings, purpose: KeyPurpose, keys: readonly StoredKey[]): KeyRings =>
  ({ ...rings, [purpose]: keys }) as KeyRings;

export const withKey = (rings: KeyRings, purpose: KeyPurpose, key: StoredKey): KeyRings =>
  replaceRing(rings, purpose, [...ringFor(rings, purpose), key]);

export const withKeyInUse = (rings: KeyRings, purpose: KeyPurpose, id: number, now: Date): KeyRings => {
  const keys = ringFor(rings, purpose).map((key) => {
    if (key.id !== id) return key;
    const { waits: _, ...used } = key;
    return { ...used, usedFrom: now.toISOString() };
  });
  return replaceRing(rings, purpose, keys);
};

export const withoutKey = (rings: KeyRings, purpose: KeyPurpose, id: number): KeyRings =>
  replaceRing(
    rings,
    purpose,
    ringFor(rings, purpose).filter((key) => key.id !== id),
  );

/** Names which keys there are and what state each is in; two servers with the same name for it do the same with them. */
export const versionOf = (rings: KeyRings): string => {
  const lines = Object.entries(rings).flatMap(([purpose, keys]) =>
    (keys ?? []).map((key) => `${purpose} ${key.id} ${stateOf(keys ?? [], key)}`),
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
};
