import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Trust } from '#contract/api/terminals.ts';
import { writeKeyRings } from './key-file.ts';
import { type KeyRings, type StoredAuthority, versionOf } from './key-ring.ts';
import { createKey, type HashCost, readOrMakeKeyRings, type Secrets, secretsOf } from './secrets.ts';
import type { Database } from './store/database.ts';
import { lockKeyMarks, noteKeys } from './store/key-marks.ts';
import { type Authorities, digestOf, openAuthorities } from './tls/authorities.ts';
import { makeAuthority } from './tls/authority.ts';
import { writeWholeFile } from './whole-file.ts';

/** The keys as this process of the server holds them now; a key command changes them under it. */
export interface HeldKeys {
  readonly secrets: Secrets;
  rings(): KeyRings;
  authorities(): Authorities;
  /** What terminals must know to check the server's word. */
  trust(): Trust;
  /** Names this state of the rings. */
  version(): string;
  take(rings: KeyRings): void;
}

/** File with the certificates of the authorities, for whoever must trust the server: terminals before they enrol, browsers. */
export const authorityFileIn = (dataFolder: string): string => join(dataFolder, 'ca', 'ca.pem');

/** The same for a server: one at a time, and only keys that belong to its database. */
export const openServerKeys = (
  database: Database,
  dataFolder: string,
  now: Date,
  hashCost?: HashCost,
): Promise<HeldKeys> =>
  database.transaction(async (tx) => {
    await lockKeyMarks(tx);
    const keys = await openKeys(dataFolder, now, hashCost);
    await noteKeys(tx, keys.rings(), now);
    return keys;
  });

/** Reads the keys in `dataFolder`; what is not there yet is made. */
export const openKeys = async (dataFolder: string, now: Date, hashCost?: HashCost): Promise<HeldKeys> => {
  let rings = readOrMakeKeyRings(dataFolder, now);
  if (rings.ca === undefined) {
    rings = { ...rings, ca: [readFolderOfOne(dataFolder) ?? (await makeFirst(now))] };
    writeKeyRings(dataFolder, rings);
  }
  if (rings.log === undefined) {
    const madeAt = now.toISOString();
    rings = { ...rings, log: [{ id: 1, key: createKey('log'), madeAt, usedFrom: madeAt }] };
    writeKeyRings(dataFolder, rings);
  }
  // The authority of older versions; its key is in the ring now.
  rmSync(join(dataFolder, 'ca', 'ca.key.pem'), { force: true });
  const held = holdKeys(rings, hashCost);
  writeAuthorityFile(dataFolder, held);
  return held;
};

export const holdKeys = (given: KeyRings, hashCost?: HashCost): HeldKeys => {
  const secrets = secretsOf(given, hashCost);
  let rings = given;
  let authorities = openAuthorities(rings);
  return {
    secrets,
    rings: () => rings,
    authorities: () => authorities,
    trust: () => trustOf(secrets, authorities),
    version: () => versionOf(rings),
    take(next) {
      const opened = openAuthorities(next);
      secrets.take(next);
      authorities = opened;
      rings = next;
    },
  };
};

export const trustOf = (secrets: Pick<Secrets, 'grantKeys'>, { bundle }: Authorities): Trust => {
  const grantKeys = secrets.grantKeys();
  const trustVersion = digestOf(bundle, ...grantKeys.map(({ id, key }) => `${id} ${key}`));
  return { trustVersion, authority: bundle, grantKeys };
};

export const writeAuthorityFile = (dataFolder: string, held: Pick<HeldKeys, 'authorities'>): void => {
  const path = authorityFileIn(dataFolder);
  const { bundle } = held.authorities();
  mkdirSync(join(dataFolder, 'ca'), { recursive: true, mode: 0o755 });
  if (tryRead(path) !== bundle) writeWholeFile(path, bundle, 0o644);
};

const makeFirst = async (now: Date): Promise<StoredAuthority> => ({
  id: 1,
  ...(await makeAuthority(now)),
  madeAt: now.toISOString(),
  usedFrom: now.toISOString(),
});

/** The one authority that older versions kept in files of its own. */
const readFolderOfOne = (dataFolder: string): StoredAuthority | undefined => {
  const key = tryRead(join(dataFolder, 'ca', 'ca.key.pem'));
  const certificate = tryRead(authorityFileIn(dataFolder));
  if (key === undefined || certificate === undefined) return undefined;
  return { id: 1, key: key.replaceAll(/-----[^-]+-----|\s/g, ''), certificate };
};

const tryRead = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
