import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { eachLine } from './lines.ts';

/** A process to start and to keep running. */
export interface KeepSpec {
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the child; this process's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** File that receives what the child prints; the log of the run before is kept beside it as `.1`. */
  readonly log: string;
  /** What matches is not written to the log: one-time codes. */
  readonly conceal?: RegExp;
  /** Written to the child's standard input, which is then closed. Never logged. */
  readonly input?: string;
  /** Ready when a printed line matches, or when the check answers true. Without it: ready once started. */
  readonly ready?: { readonly line: RegExp } | { readonly check: () => Promise<boolean> };
  /** Milliseconds allowed until ready; 30,000 when left out. */
  readonly readyWithin?: number;
  /** Start again when it dies; true when left out. */
  readonly restart?: boolean;
  /**
   * The child writes into its file 3 as long as it runs. Silent for so long after its first word (milliseconds), or stopped,
   * it is ended, and started again as one that died.
   */
  readonly silentAfter?: number;
  /** What the kernel sends to the child when this process dies, however it dies; SIGKILL when left out. */
  readonly orphanSignal?: 'SIGKILL' | 'SIGTERM';
  /** Milliseconds between SIGTERM and SIGKILL on stop; 5,000 when left out. */
  readonly stopWithin?: number;
}

export type KeptEvent =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'ready'; readonly pid: number }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'died'; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process that is started again when it dies, until it is stopped. */
export interface Kept {
  readonly name: string;
  /** Process id at this moment; undefined between a death and the next start. */
  pid(): number | undefined;
  /** How many times it was started again. */
  restarts(): number;
  /** The match of the ready line, when readiness is a line. */
  match(): RegExpMatchArray | undefined;
  /** Resolves when the present (or next) run is ready. */
  whenReady(): Promise<void>;
  /** Signals the process alone, without stopping to keep it. */
  kill(signal: NodeJS.Signals): void;
  listen(listener: (event: KeptEvent) => void): () => void;
  /** Ends the process and its group, and does not start it again. */
  stop(): Promise<void>;
}

/** What ends is started again at once; what ends again soon after, later and later. */
const firstPause = 100;
const longestPause = 5_000;
/** What somebody else killed or stopped is not ill, and waits no longer than this. */
const killedPause = 200;
/** A run that lasted this long was healthy: the next start is at once again. */
const healthyAfter = 10_000;
const tailLines = 15;
/** util-linux, essential on Debian. */
const setpriv = '/usr/bin/setpriv';
const dieWithParent = ({ orphanSignal = 'SIGKILL' }: KeepSpec): string[] =>
  existsSync(setpriv) ? [setpriv, '--pdeathsig', orphanSignal.slice('SIG'.length), '--'] : [];

/** Starts a process and resolves once it is ready; rejects, with its last lines, when it is not. */
export async function keep(spec: KeepSpec): Promise<Kept> {
  const listeners = new Set<(event: KeptEvent) => void>();
  const tail: string[] = [];
  let child: ChildProcess | undefined;
  let restarts = 0;
  let stopping = false;
  let match: RegExpMatchArray | undefined;
  let ready = Promise.withResolvers<void>();
  let isReady = false;
  let over: Promise<void> = Promise.resolve();
  const abort = new AbortController();

  mkdirSync(dirname(spec.log), { recursive: true });
  if (existsSync(spec.log)) renameSync(spec.log, `${spec.log}.1`);
  const log = createWriteStream(spec.log, { mode: 0o600 });

  const tell = (event: KeptEvent): void => {
    for (const listener of listeners) listener(event);
  };

  /** Starts it once and waits for its end; true when that was somebody else's doing. */
  const run = async (): Promise<boolean> => {
    const [command, ...args] = [...dieWithParent(spec), spec.command, ...(spec.args ?? [])];
    if (command === undefined) return false;
    match = undefined;
    const started = spawn(command, args, {
      cwd: spec.cwd,
      env: spec.env ?? process.env,
      detached: true,
      stdio: [
        spec.input === undefined ? 'ignore' : 'pipe',
        'pipe',
        'pipe',
        ...(spec.silentAfter === undefined ? [] : (['pipe'] as const)),
      ],
    });
    child = started;
    const watch = spec.silentAfter === undefined ? undefined : watchOver(started, spec.silentAfter);
    const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      started.once('error', (error) => {
        tail.push(error.message);
        resolve([null, null]);
      });
      started.once('exit', (code, signal) => resolve([code, signal]));
    });
    const closed = new Promise((resolve) => started.once('close', resolve));
    const alive = new AbortController();
    const becomeReady = (): void => {
      if (alive.signal.aborted || started.pid === undefined) return;
      isReady = true;
      ready.resolve();
      tell({ kind: 'ready', pid: started.pid });
    };
    const take = (text: string): void => {
      const shown = spec.conceal === undefined ? text : text.replaceAll(spec.conceal, '…');
      log.write(`${shown}\n`);
      tail.push(shown);
      if (tail.length > tailLines) tail.shift();
      tell({ kind: 'line', text });
      if (match === undefined && spec.ready !== undefined && 'line' in spec.ready) {
        match = text.match(spec.ready.line) ?? undefined;
        if (match !== undefined) becomeReady();
      }
    };
    if (started.stdout) eachLine(started.stdout, take);
    if (started.stderr) eachLine(started.stderr, take);
    started.stdin?.on('error', () => undefined);
    started.stdin?.end(spec.input);
    if (started.pid !== undefined) tell({ kind: 'started', pid: started.pid });
    if (spec.ready === undefined) becomeReady();
    else if ('check' in spec.ready) void pollUntil(spec.ready.check, alive.signal).then((yes) => yes && becomeReady());
    const [code, signal] = await exited;
    alive.abort();
    watch?.forget();
    child = undefined;
    killGroup(started.pid, 'SIGKILL');
    await Promise.race([closed, sleep(500, undefined, { ref: false })]);
    // Whoever waits for a run that died before it was ready waits for the next one.
    if (!stopping && isReady) {
      isReady = false;
      ready = Promise.withResolvers<void>();
      ready.promise.catch(() => undefined);
    }
    tell({ kind: 'died', code, signal });
    log.write(`-- ${spec.name} ended: ${signal ?? `code ${code}`}\n`);
    return signal === 'SIGKILL' && watch?.hung() !== true;
  };

  const runForever = async (): Promise<void> => {
    let pause = 0;
    for (;;) {
      const since = performance.now();
      const killed = await run();
      if (spec.restart === false) ready.reject(new Error(`${spec.name} ended; log: ${spec.log}`));
      if (stopping || spec.restart === false) return;
      if (performance.now() - since > healthyAfter) pause = 0;
      if (killed) pause = Math.min(pause, killedPause);
      await sleep(pause, undefined, { signal: abort.signal }).catch(() => undefined);
      if (stopping) return;
      pause = Math.min(Math.max(pause * 2, firstPause), longestPause);
      restarts += 1;
    }
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    abort.abort();
    ready.promise.catch(() => undefined);
    const pid = child?.pid;
    if (pid !== undefined) {
      killGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), spec.stopWithin ?? 5_000);
      await over;
      clearTimeout(timer);
    }
    await over;
    ready.reject(new Error(`${spec.name} was stopped`));
    if (!log.closed) await new Promise<void>((resolve) => log.end(resolve));
  };

  const failed = new Promise<'died'>((resolve) => {
    listeners.add(function untilReady(event) {
      if (event.kind === 'died') resolve('died');
      if (event.kind === 'died' || event.kind === 'ready') listeners.delete(untilReady);
    });
  });
  const within = spec.readyWithin ?? 60_000;
  const patience = new AbortController();
  over = runForever();
  const outcome = await Promise.race([
    ready.promise.then(() => 'ready' as const),
    failed,
    sleep(within, 'late' as const, { signal: patience.signal }).catch(() => 'late' as const),
  ]);
  patience.abort();
  if (outcome !== 'ready') {
    await stop();
    const why = outcome === 'late' ? `was not ready within ${within / 1000} s` : 'ended before it was ready';
    throw new Error(`${spec.name} ${why}; log: ${spec.log}\n${tail.map((line) => `  ${line}`).join('\n')}`);
  }

  return {
    name: spec.name,
    pid: () => child?.pid,
    restarts: () => restarts,
    match: () => match,
    whenReady: () => ready.promise,
    kill: (signal) => void child?.kill(signal),
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop,
  };
}

async function pollUntil(check: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await check().catch(() => false)) return true;
    await sleep(25, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

const lookEvery = 200;

interface Watch {
  /** It was ended because it said nothing any more. */
  hung(): boolean;
  forget(): void;
}

/** Ends a child that hangs. */
function watchOver({ pid, stdio }: ChildProcess, silentAfter: number): Watch {
  let heardAt: number | undefined;
  let hung = false;
  let lookedAt = performance.now();
  const beat = stdio[3] as Readable | null | undefined;
  beat?.on('data', () => {
    heardAt = performance.now();
  });
  beat?.on('error', () => undefined);
  const timer = setInterval(() => {
    const now = performance.now();
    // Whoever was held up themself has heard nothing either.
    if (now - lookedAt > 5 * lookEvery) heardAt &&= now;
    lookedAt = now;
    const stopped = isStopped(pid);
    if (!stopped && (heardAt === undefined || now - heardAt <= silentAfter)) return;
    hung ||= !stopped;
    killGroup(pid, 'SIGKILL');
  }, lookEvery);
  return { hung: () => hung, forget: () => clearInterval(timer) };
}

/** Stopped by a signal or a debugger, proc(5). */
function isStopped(pid: number | undefined): boolean {
  try {
    return /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
