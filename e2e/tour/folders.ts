import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheFolder } from '#setup/paths.ts';

const tours = join(cacheFolder, 'tour');
const kept = 5;
const workName = 'kazasu-tour-';

/** Where the pictures and the log of this tour go: the one that was asked for, or a new one beside the last few. */
export function makeTourFolder(asked: string | undefined, now: Date): string {
  if (asked !== undefined) {
    const folder = resolve(asked);
    mkdirSync(folder, { recursive: true });
    clearPictures(folder);
    return folder;
  }
  mkdirSync(tours, { recursive: true });
  const stamp = now.toISOString().replace('T', '_').replaceAll(':', '').slice(0, 17);
  let folder = join(tours, stamp);
  for (let copy = 2; !tryMake(folder); copy += 1) folder = join(tours, `${stamp}-${copy}`);
  const all = readdirSync(tours).sort();
  for (const name of all.slice(0, -kept)) rmSync(join(tours, name), { recursive: true, force: true });
  return folder;
}

function tryMake(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A folder that was named is used again: what an earlier tour left there goes, and nothing else. */
function clearPictures(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^\d\d-[a-z-]+\.png$/.test(name)) rmSync(join(folder, name));
  }
}

/** A folder for everything that the tour starts. Sockets live in it, so its path is short. */
export function makeWorkFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `${workName}${process.pid}-`));
  // PostgreSQL runs as another user when this is root, and must pass through.
  chmodSync(folder, 0o711);
  return folder;
}

/** Ends and removes what tours left that were killed; answers how many there were. */
export function removeLeftovers(): number {
  let found = 0;
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${workName}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (pid === 0 || isTour(pid)) continue;
    const folder = join(tmpdir(), name);
    endProcessesOf(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    found += 1;
  }
  return found;
}

/** Process numbers come again: the number alone does not make a tour. */
function isTour(pid: number): boolean {
  return /e2e\/tour\/start\.ts/.test(commandLineOf(pid));
}

/** Whatever was started with a path in this folder, which no other tour has. */
function endProcessesOf(folder: string): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !commandLineOf(pid).includes(`${folder}/`)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
