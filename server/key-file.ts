import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWholeFile } from './whole-file.ts';

const storedKey = z.strictObject({ id: z.int().min(1), key: z.base64() });
/** A key by number: 32 random bytes, or an Ed25519 private key (PKCS #8, DER), in base64. */
export type StoredKey = z.infer<typeof storedKey>;

const ring = z.tuple([storedKey], storedKey);
const keyRings = z.strictObject({ 'card-index': ring, 'pin-pepper': ring, sealing: ring, grant: ring });
export type KeyRings = z.infer<typeof keyRings>;
export type Purpose = keyof KeyRings;

const pathIn = (dataFolder: string): string => join(dataFolder, 'keys.json');

/** Undefined when there is none yet. Throws when others may read it or it is damaged: no fresh keys over lost ones. */
export function readKeyRings(dataFolder: string): KeyRings | undefined {
  const path = pathIn(dataFolder);
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

export function writeKeyRings(dataFolder: string, rings: KeyRings): void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  writeWholeFile(pathIn(dataFolder), JSON.stringify(rings));
}
