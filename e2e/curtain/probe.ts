import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { compileOnce } from '#setup/curtain.ts';
import { eachLine } from '#setup/lines.ts';
import { within } from '../within.ts';
import { until } from '../world.ts';

export interface Counts {
  readonly keys: number;
  readonly buttons: number;
  readonly samples: number;
  readonly red: number;
  readonly typed: number;
  readonly acts: number;
}

/** A client of the X session: `probe.c` says what each does. */
export interface Probe {
  readonly window: number;
  /** False when it did not get what it wanted. */
  readonly ready: boolean;
  /** Each change of what `watch` sees, with the time of the process's own monotonic clock in milliseconds. */
  readonly changes: readonly { readonly red: boolean; readonly at: number }[];
  count(): Promise<Counts>;
  /** An order to a `hand`, as probe.c has them; when it was obeyed, by the clock of `changes`. */
  tell(order: string): Promise<number>;
  stop(): Promise<void>;
}

const source = join(import.meta.dirname, 'probe.c');
let program: Promise<string> | undefined;

/** Path of the compiled program. */
export function buildProbe(): Promise<string> {
  program ??= compileOnce({ name: 'probe', sources: [source], libraries: ['xcb', 'xcb-randr', 'xcb-xtest'] }, [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
  ]);
  return program;
}

export async function startProbe(display: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<Probe> {
  const child = spawn(await buildProbe(), words, {
    env: { PATH: process.env['PATH'], ...display },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.on('error', () => undefined);
  const changes: { red: boolean; at: number }[] = [];
  const answers: Counts[] = [];
  const pressing: ((at: number) => void)[] = [];
  let started: { ready: boolean; window: number } | undefined;
  eachLine(child.stdout, (line) => {
    const said = JSON.parse(line) as object;
    if ('ready' in said) started = said as { ready: boolean; window: number };
    else if ('pressed' in said) pressing.shift()?.((said as { pressed: number }).pressed);
    else if ('at' in said) changes.push(said as { red: boolean; at: number });
    else answers.push(said as Counts);
  });
  const { ready, window } = await until(`the probe ${words.join(' ')} has started`, () => started);
  return {
    ready,
    window,
    changes,
    async count() {
      const before = answers.length;
      child.stdin.write('count\n');
      return until('the probe answers', () => answers[before]);
    },
    async tell(order) {
      const obeyed = new Promise<number>((resolve) => pressing.push(resolve));
      child.stdin.write(`${order}\n`);
      return within(`the hand obeys: ${order}`, 10_000, obeyed);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Milliseconds of the clock that `changes` are told in. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;
