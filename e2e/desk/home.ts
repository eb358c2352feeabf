import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kept } from '#setup/keep.ts';
import { describe, isAlive, type ProcessMark, tryMark } from './processes.ts';
import { DeskProblem } from './settings.ts';

/** The data folder while it is held: it says who runs here, so that a later start finds what a killed one left. */
export interface Home {
  readonly folder: string;
  /** Notes the process, and each that takes its place. */
  track(kept: Kept): void;
  release(): void;
}

interface Running {
  readonly owner: ProcessMark;
  readonly children: Readonly<Record<string, ProcessMark>>;
}

/** What a killed start left ends by itself within this time (milliseconds), or is killed. */
const patience = 12_000;

/** Takes the data folder, or throws with the name of who has it. */
export async function holdHome(folder: string, say: (line: string) => void): Promise<Home> {
  mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const file = join(folder, 'running.json');
  const owner = tryMark(process.pid);
  if (owner === undefined) throw new DeskProblem('/proc cannot be read here');
  const children: Record<string, ProcessMark> = {};
  const aside = `${file}.${process.pid}`;
  const write = (): void => writeFileSync(aside, JSON.stringify({ owner, children } satisfies Running));

  for (let left = tryRead(file); ; left = tryRead(file)) {
    if (left !== undefined && isAlive(left.running.owner)) {
      const { pid } = left.running.owner;
      throw new DeskProblem(
        `Kazasu is running in ${folder} already: process ${pid} (${describe(pid)}).\n` +
          `Use that one, end it (kill ${pid}), or start another with a folder of its own: KAZASU_HOME=/some/folder npm start`,
      );
    }
    if (left !== undefined && takeAside(file, left.text)) await endLeftovers(left.running, say);
    write();
    const taken = tryLink(aside, file);
    rmSync(aside, { force: true });
    if (taken) break;
  }
  const note = (kept: Kept): void => {
    const mark = tryMark(kept.pid() ?? 0);
    if (mark === undefined) return;
    children[kept.name] = mark;
    write();
    renameSync(aside, file);
  };
  return {
    folder,
    track(kept) {
      note(kept);
      kept.listen((event) => event.kind === 'started' && note(kept));
    },
    release: () => rmSync(file, { force: true }),
  };
}

function tryRead(file: string): { text: string; running: Running } | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const running = JSON.parse(text) as Running;
    return typeof running.owner.pid === 'number' ? { text, running } : undefined;
  } catch (error) {
    // A file that is torn names nobody.
    if (error instanceof SyntaxError) rmSync(file, { force: true });
    return undefined;
  }
}

/** False when another start was quicker: its file is put back. */
function takeAside(file: string, stale: string): boolean {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  const mine = readFileSync(aside, 'utf8') === stale;
  if (!mine) tryLink(aside, file);
  rmSync(aside, { force: true });
  return mine;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function endLeftovers({ owner, children }: Running, say: (line: string) => void): Promise<void> {
  const alive = () => Object.entries(children).filter(([, mark]) => isAlive(mark));
  const found = alive().map(([name, { pid }]) => `${name} ${pid}`);
  say(
    `The start before this one (process ${owner.pid}) was killed; ${found.length === 0 ? 'it left no process' : `ending what it left: ${found.join(', ')}`}.`,
  );
  for (const [, { pid }] of alive()) signalGroup(pid, 'SIGTERM');
  for (const limit = performance.now() + patience; alive().length > 0 && performance.now() < limit; ) await delay(50);
  for (const [, { pid }] of alive()) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
