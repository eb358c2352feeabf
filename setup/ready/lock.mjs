import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cache } from './places.mjs';

const path = join(cache, 'ready.lock');

/**
 * Lets one set-up run at a time. The lock names its owner by process id and start time, so that the lock of a killed
 * run, or of a process id that was given out again, counts for nothing.
 * @param {(owner: number) => void} waiting called once when another run has to be waited for
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(waiting) {
  mkdirSync(cache, { recursive: true });
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}`);
  let told = false;
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        return () => rmSync(path, { force: true });
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      }
      const owner = readOwner(path);
      if (owner === undefined) continue;
      if (isAlive(owner)) {
        if (!told) waiting(owner.pid);
        told = true;
        await sleep(200);
      } else removeStale(owner.text);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Takes the stale lock aside first: if a new owner was quicker, its lock is put back. @param {string} stale */
function removeStale(stale) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readFileSync(aside, 'utf8') !== stale) {
    try {
      linkSync(aside, path);
    } catch {
      // A third run holds the lock by now: its turn.
    }
  }
  rmSync(aside, { force: true });
}

/** @param {string} file */
function readOwner(file) {
  try {
    const text = readFileSync(file, 'utf8');
    const [pid, start] = text.split(' ');
    return { text, pid: Number(pid), start };
  } catch {
    return undefined;
  }
}

/** @param {{ pid: number, start: string | undefined }} owner */
function isAlive(owner) {
  const start = startOf(owner.pid);
  return start !== '' && start === owner.start;
}

/** Start time of a process in clock ticks since boot: field 22 of /proc/<pid>/stat, proc(5). @param {number} pid */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
