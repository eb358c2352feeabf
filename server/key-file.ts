import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyRings, keyRings } from './key-ring.ts';
import { tryWriteNewFile, writeWholeFile } from './whole-file.ts';

export const keyFileIn = (dataFolder: string): string => join(dataFolder, 'keys.json');

/** Undefined when there is none yet. Throws when others may read it or it is damaged: no fresh keys over lost ones. */
export function readKeyRings(dataFolder: string): KeyRings | undefined {
  const path = keyFileIn(dataFolder);
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new Error(`${path} may be read by others; it must have mode 0600`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error(`${path} is damaged`);
  }
  const checked = keyRings.safeParse(parsed);
  if (!checked.success) throw new Error(`${path} is damaged`);
  return checked.data;
}

/** What another user writes there the server could not read any more: the number of the user that it must be, if it is not us. */
export function foreignOwner(dataFolder: string): number | undefined {
  const own = process.getuid?.();
  const uid = statSync(keyFileIn(dataFolder)).uid;
  return own === undefined || own === uid ? undefined : uid;
}

export function writeKeyRings(dataFolder: string, rings: KeyRings): void {
  writeWholeFile(keyFileIn(dataFolder), JSON.stringify(rings));
}

/** Writes the first keys, or answers those of another server on the same folder that was quicker. */
export function writeFirstKeyRings(dataFolder: string, rings: KeyRings): KeyRings {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  if (tryWriteNewFile(keyFileIn(dataFolder), JSON.stringify(rings))) return rings;
  const theirs = readKeyRings(dataFolder);
  if (theirs === undefined) throw new Error(`${keyFileIn(dataFolder)} comes and goes`);
  return theirs;
}
