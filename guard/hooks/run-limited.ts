import { spawn } from 'node:child_process';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Given on standard input. */
  readonly input: string;
  readonly seconds: number;
}

export type Outcome = 'done' | 'exit' | 'signal' | 'time' | 'stopped' | 'missing' | 'not-executable' | 'failed';
export interface Ran {
  readonly outcome: Outcome;
  /** Of an `exit`. */
  readonly code: number | null;
  readonly milliseconds: number;
}

const outcomes: Readonly<Record<string, Outcome>> = { ENOENT: 'missing', EACCES: 'not-executable' };
/** What a program says that was to start another one, as `setpriv` does. */
const relayed: Readonly<Record<number, Outcome>> = { 126: 'not-executable', 127: 'missing' };

/**
 * Runs a program in a process group of its own, which is killed when its time is over or `signal` is aborted. What it
 * writes goes nowhere: nothing of it is held, waited for or logged. What it started and left running stays.
 */
export function runLimited(command: Command, signal: AbortSignal): Promise<Ran> {
  const began = performance.now();
  return new Promise((resolve) => {
    let killed: 'time' | 'stopped' | undefined;
    const end = (outcome: Outcome, code: number | null = null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve({ outcome: killed ?? outcome, code, milliseconds: Math.round(performance.now() - began) });
    };
    const kill = (why: 'time' | 'stopped'): void => {
      killed ??= why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const stop = (): void => kill('stopped');
    const child = spawn(command.program, command.args, {
      env: { ...command.environment },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    });
    const timer = setTimeout(() => kill('time'), command.seconds * 1_000);
    child.once('error', (error: NodeJS.ErrnoException) => end(outcomes[error.code ?? ''] ?? 'failed'));
    child.once('exit', (code) => {
      if (code === 0) end('done');
      else if (code === null) end('signal');
      else end(relayed[code] ?? 'exit', code);
    });
    // It need not read what it is told.
    child.stdin.on('error', () => undefined).end(command.input);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
