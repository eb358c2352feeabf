import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A write takes moments: what is older was left by a process that was killed (milliseconds). */
const leftAfter = 60_000;

/** Removes what killed processes left half written: it may hold secrets. */
function sweep(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.new-`)) continue;
    const left = join(folder, name);
    const since = statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > leftAfter) rmSync(left, { force: true });
  }
}

/** Written and synced beside its place, under a name that no other process uses. */
function writeBeside(path: string, text: string, mode: number): string {
  sweep(path);
  const beside = `${path}.new-${process.pid}`;
  const file = openSync(beside, 'w', mode);
  try {
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(file, rest));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return beside;
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Whole or not at all, whenever the machine stops: written beside, synced, renamed, and the folder synced. */
export function writeWholeFile(path: string, text: string, mode = 0o600): void {
  renameSync(writeBeside(path, text, mode), path);
  syncFolder(dirname(path));
}

/** The same where there is no such file yet; false when there is one. */
export function tryWriteNewFile(path: string, text: string, mode = 0o600): boolean {
  const beside = writeBeside(path, text, mode);
  try {
    linkSync(beside, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}
