import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Characters of a process's name; a path in the middle of it stays whole on every machine of sense. */
const longest = 200;

/** A process of this machine. The start time tells it from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of /proc/pid/stat, proc(5). */
  readonly start: string;
}

export function tryMark(pid: number): ProcessMark | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const start = fields[18];
    return state === 'Z' || start === undefined ? undefined : { pid, start };
  } catch {
    return undefined;
  }
}

export const isAlive = (mark: ProcessMark): boolean => tryMark(mark.pid)?.start === mark.start;

/** What the process is called, for people: the name of its program, and its first arguments. */
export function describe(pid: number): string {
  try {
    const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    const text = [basename(program), ...words.slice(0, 3)].join(' ');
    return (
      (text.length > longest ? `${text.slice(0, longest)} …` : text) || readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    );
  } catch {
    return 'unknown';
  }
}

const listening = '0A';

/** Who listens on a TCP port of this machine; `undefined` when nobody does, `null` when it is not ours to see. */
export function findListener(port: number): { readonly pid: number; readonly name: string } | null | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listInodes(table, port));
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (holdsOne(pid, sockets)) return { pid: Number(pid), name: describe(Number(pid)) };
  }
  return null;
}

/** Columns of /proc/net/tcp, proc(5): 1 local address and port in hexadecimal, 3 state, 9 inode. */
function listInodes(table: string, port: number): string[] {
  let text = '';
  try {
    text = readFileSync(table, 'utf8');
  } catch {
    // No IPv6 here.
  }
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const there = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16) === port && columns[3] === listening;
    return there && columns[9] !== undefined ? [columns[9]] : [];
  });
}

function holdsOne(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((file) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${file}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

/** Whether the terminal gives its keys to us: reading them in the background would stop this process. */
export function isForeground(): boolean {
  if (!process.stdin.isTTY) return false;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // After the name, proc(5): state, parent, group, session, terminal, foreground group of the terminal.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
