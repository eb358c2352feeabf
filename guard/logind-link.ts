import { type ChildProcess, spawn } from 'node:child_process';
import { type FromLogind, fromLogind, type ToLogind } from '#contract/logind.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { createBackOff } from './back-off.ts';
import { createLines } from './lines.ts';
import type { Log } from './log.ts';

export interface LogindLinkDeps {
  /** The compiled program of `native/logind/`. */
  readonly program: string;
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onEvent: (event: LoginEvent) => void;
  /** The lock that the screens are to cover for now. */
  readonly lock: () => string;
  readonly log: Log;
}

/**
 * What systemd-logind asks of a lock: to cover before the machine sleeps and hold it up until that is done, and to lock when
 * somebody says so. It cannot unlock anything.
 */
export interface LogindLink {
  /** The screens are covered for this lock: a sleep that waits for it goes on, and logind hears that the session is locked. */
  covered(lock: string): void;
  /** The desktop is shown: logind hears that the session is not locked. */
  opened(): void;
  stop(): Promise<void>;
}

const longestLine = 64;
/** A process that lived for so long was sound (milliseconds). */
const soundAfter = 5_000;
/** It waits half of that for logind to take its last word (milliseconds). */
const endsWithin = 1_000;

export function startLogindLink({ program, environment, onEvent, lock, log }: LogindLinkDeps): LogindLink {
  const backOff = createBackOff({ first: 200, longest: 10_000 });
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** A sleep waits for the covered screens. */
  let awaited = false;
  /** What this process was told last of the session; another one knows nothing. */
  let hint: 'locked' | 'open' | undefined;

  const tell = (word: ToLogind): void => void child?.stdin?.write(`${word}\n`);
  function tellHint(now: 'locked' | 'open'): void {
    if (now !== hint) tell(now);
    hint = now;
  }

  function take(word: FromLogind): void {
    switch (word) {
      case 'ready':
        return log.info('logind-joined');
      case 'absent':
        return log.warn('logind-absent');
      case 'lock':
        return onEvent({ kind: 'lock-asked', reason: 'system' });
      case 'unlock':
        // Whoever may ask logind for it has shown neither card nor PIN.
        return log.warn('logind-unlock-ignored');
      case 'sleep':
        onEvent({ kind: 'lock-asked', reason: 'suspend' });
        awaited = true;
        return;
      case 'woke':
        if (awaited) log.warn('slept-uncovered');
        awaited = false;
        return;
    }
  }

  function start(): void {
    const began = performance.now();
    const started = spawn(program, [], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
      // Whoever kills the guard with its group leaves it the word that the session is locked; its input ends it.
      detached: true,
    });
    child = started;
    if (hint !== undefined) tell(hint);
    const lines = createLines(longestLine);
    started.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) if (started === child) take(fromLogind.parse(line));
      } catch (error) {
        log.error('logind-foreign', { why: error instanceof Error ? error.name : 'unknown' });
        started.kill('SIGKILL');
      }
    });
    started.stdin.on('error', () => undefined);
    let over = false;
    const end = (how: string): void => {
      if (over) return;
      over = true;
      child = undefined;
      awaited = false;
      if (stopped) return;
      log.warn('logind-ended', { how });
      if (performance.now() - began > soundAfter) backOff.reset();
      timer = setTimeout(start, backOff.next());
    };
    started.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
    started.once('exit', (code, signal) => end(String(signal ?? code)));
  }

  start();
  return {
    covered(which) {
      if (which !== lock()) return;
      if (awaited) {
        awaited = false;
        tell('covered');
        log.info('covered-before-sleep');
      }
      tellHint('locked');
    },
    opened: () => tellHint('open'),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const ending = child;
      if (ending === undefined) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      ending.stdin?.end();
      const patience = setTimeout(() => ending.kill('SIGKILL'), endsWithin);
      await ended;
      clearTimeout(patience);
    },
  };
}
