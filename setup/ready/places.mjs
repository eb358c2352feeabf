import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const cache = join(root, '.cache');
export const modules = join(root, 'node_modules');
/** The Node that runs TypeScript, brought by the lock file. */
export const node = join(modules, '.bin', 'node');

const staging = join(cache, 'staging');

/** A fresh folder on the same file system, so that what is finished can be put in place by one rename. */
export function stage() {
  const folder = join(staging, `${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Removes what earlier runs left half-done. Only under the lock. */
export function clearStaging() {
  if (!existsSync(staging)) return;
  for (const name of readdirSync(staging)) {
    try {
      rmSync(join(staging, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A process of a killed run may still be writing there: the next run removes it.
    }
  }
}
