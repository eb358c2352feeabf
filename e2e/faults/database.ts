import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keep } from '#setup/keep.ts';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';

/** PostgreSQL in a process of its own that starts it again when it dies; on a small disk of its own where this user may mount one. */
export interface Database {
  /** How to reach it without any link between. */
  readonly address: string;
  readonly port: number;
  /** SIGKILL of the postmaster and of all its children. */
  kill(): void;
  /** Whether its disk can be filled. */
  readonly hasOwnDisk: boolean;
  /** Leaves no room on its disk. */
  fill(): void;
  empty(): void;
  /** Takes a copy of it as it is on the disk at this moment, as after a crash. */
  copy(): Promise<void>;
  /** PostgreSQL dies, and what comes back is the copy. */
  takeCopy(): Promise<void>;
  /** What it has written about itself, as long as it runs. */
  logs(): readonly string[];
  stop(): Promise<void>;
}

const megabytes = 400;
/** Mounts a disk of its own in a mount namespace of its own: it goes with its last process, however that ends. */
const withOwnDisk = ['unshare', '--mount', 'sh', '-c'];
const script = `mount -t tmpfs -o size=${megabytes}m,mode=0711 kazasu-faults "$TMPDIR" && exec "$@"`;

const childrenOf = (pid: number): number[] => {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
};

/** A process that is dead and not yet buried writes nothing any more. */
const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

export const startDatabase = async (folder: string): Promise<Database> => {
  const hasOwnDisk = process.getuid?.() === 0;
  const program = [node, join(root, 'server', 'testing-database.ts')];
  const [command = '', ...args] = hasOwnDisk ? [...withOwnDisk, script, 'sh', ...program] : program;
  const kept = await keep({
    name: 'database',
    command,
    args,
    cwd: root,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], TMPDIR: folder },
    log: join(folder, '..', 'database.log'),
    ready: { line: /^\{"ready":true.*\}$/ },
    readyWithin: 60_000,
    orphanSignal: 'SIGTERM',
    stopWithin: 10_000,
  });
  const { connectionString: address } = JSON.parse(kept.match()?.[0] ?? '{}') as { connectionString: string };
  const { port } = new URL(address);
  // Seen from outside its namespace.
  const inside = `/proc/${kept.pid()}/root${folder}`;
  const ballast = join(inside, 'ballast');
  const home = join(inside, readdirSync(inside).find((name) => name.startsWith('kazasu-server-')) ?? '', 'postgres');
  const postmasterFile = join(home, 'cluster', 'postmaster.pid');
  /** Whoever kills it while it is dead of the fault before, and has not come back yet, kills nobody. */
  const kill = (): number[] => {
    if (!existsSync(postmasterFile)) return [];
    const postmaster = Number(readFileSync(postmasterFile, 'utf8').split('\n')[0]);
    const all = [postmaster, ...childrenOf(postmaster)];
    for (const pid of all) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    return all;
  };
  /** Does it while PostgreSQL is dead and nobody starts it again. */
  const whileDead = async (work: () => Promise<void>): Promise<void> => {
    kept.kill('SIGSTOP');
    try {
      const all = kill();
      while (all.some(isRunning)) await delay(5);
      await work();
    } finally {
      kept.kill('SIGCONT');
    }
  };
  const cluster = join(home, 'cluster');
  const copied = join(folder, '..', 'copied-cluster');
  const copyAll = async (from: string, to: string): Promise<void> => {
    rmSync(to, { recursive: true, force: true });
    // With its owner, who is another user.
    const { error, ok } = await run('cp', ['-a', from, to], { within: 20_000 });
    if (!ok) throw new Error(`${from} was not copied: ${error}`);
  };
  return {
    address,
    port: Number(port),
    hasOwnDisk,
    kill: () => void kill(),
    copy: () => whileDead(() => copyAll(cluster, copied)),
    takeCopy: () =>
      whileDead(async () => {
        rmSync(join(copied, 'postmaster.pid'), { force: true });
        await copyAll(copied, cluster);
      }),
    fill() {
      const { bavail, bsize } = statfsSync(inside);
      try {
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      } catch (error) {
        // Somebody was quicker with the last of it: it is full all the same.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    logs: () => [join(home, 'postgres.log')].filter((path) => existsSync(path)),
    stop: kept.stop,
  };
};
