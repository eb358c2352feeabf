import { createHash } from 'node:crypto';
import type { TerminalEvent } from '#contract/audit.ts';
import type { Log } from '../log.ts';
import type { HookFile } from './hook-file.ts';
import { type Command, type Ran, runLimited } from './run-limited.ts';

/** Whose session it is: what a hook is told, and nothing secret. */
export interface Who {
  readonly person: string;
  readonly name: string;
  readonly number: string;
  readonly roles: readonly string[];
  readonly session: string;
  readonly terminal: string;
}

/** What this terminal does on its desktop when somebody comes and goes. Nothing here opens, covers or delays a cover. */
export interface Hooks {
  /** Makes the desktop that person's. False where it is not done in time and the terminal shall stay covered then. */
  prepare(who: Who): Promise<boolean>;
  /** The session is over, or never began: undoes it once the screen was told to cover, and lets nobody wait. */
  locked(session: string, reason: string): void;
  /** A session was open when the guard before this one ended. */
  left(person: string, session: string): void;
  /** Waits a while for what runs, and ends it. */
  stop(): Promise<void>;
}

export const noHooks: Hooks = {
  prepare: async () => true,
  locked: () => undefined,
  left: () => undefined,
  stop: async () => undefined,
};

export interface HooksDeps {
  readonly file: HookFile;
  /** Words before a program that make it run as the workstation's user. */
  readonly asUser: readonly string[];
  readonly record: (facts: TerminalEvent) => void;
  readonly log: Log;
}

type Turn = 'unlock' | 'lock';
interface Step extends Command {
  readonly name: string;
}

/** Looking through the windows of a desktop takes milliseconds (seconds). */
const sweepSeconds = 2;
/** How long a stopping guard waits (milliseconds). */
const lastPatience = 3_000;
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Tells windows apart and says nothing of whom they are. */
const markOf = (person: string): string => createHash('sha256').update(person).digest('hex').slice(0, 16);
/** A variable of the environment holds one line. */
const lineOf = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ');

export function createHooks({ file, asUser, record, log }: HooksDeps): Hooks {
  let present: Who | null = null;
  let before: string | null = null;
  /** What runs now and what waits behind it. A lock ends what was begun for an opening. */
  let last: Promise<unknown> = Promise.resolve();
  let opening = new AbortController();
  let locking = new AbortController();

  function stepsOf(turn: Turn, who: Who, reason: string): Step[] {
    const steps: Step[] = [];
    const add = (name: string, words: readonly string[], seconds: number): void => {
      const [program = '', ...args] = [...asUser, ...words];
      const told = { event: turn, ...who, ...(turn === 'lock' ? { reason } : {}) };
      steps.push({
        name,
        program,
        args,
        seconds,
        input: `${JSON.stringify(told)}\n`,
        environment: {
          PATH: path,
          LANG: 'C.UTF-8',
          ...file.environment,
          KAZASU_EVENT: turn,
          KAZASU_PERSON: who.person,
          KAZASU_NAME: lineOf(who.name),
          KAZASU_NUMBER: lineOf(who.number),
          KAZASU_ROLES: who.roles.join(','),
          KAZASU_SESSION: who.session,
          KAZASU_TERMINAL: lineOf(who.terminal),
          ...(turn === 'lock' ? { KAZASU_REASON: reason } : {}),
        },
      });
    };
    const words = file.desktop === undefined ? null : sweepWords(file.desktop, turn, who);
    if (words !== null) add('desktop', words, sweepSeconds);
    const hook = file[turn];
    if (hook !== undefined) add(turn, hook.command, hook.seconds);
    return steps;
  }

  function sweepWords(desktop: NonNullable<HookFile['desktop']>, turn: Turn, who: Who): string[] | null {
    const { program, windows, spare, clipboard } = desktop;
    const mark = markOf(who.person);
    if (turn === 'lock') return [program, 'lock', mark, ...(clipboard === 'keep' ? ['--keep-clipboard'] : [])];
    if (windows === 'keep') return null;
    return [
      ...[program, 'unlock', mark, windows],
      ...(before === null ? [] : ['--before', before]),
      ...spare.flatMap((word) => ['--spare', word]),
    ];
  }

  function tell(turn: Turn, name: string, { outcome, code, milliseconds }: Ran): void {
    const facts = { event: turn, hook: name, outcome, milliseconds, ...(code === null ? {} : { code }) };
    if (outcome === 'done') return log.info('hook-ran', facts);
    log.warn('hook-failed', facts);
    // Ended because somebody locked: that is no failure.
    if (outcome !== 'stopped')
      record({
        kind: 'hook.failed',
        outcome: 'minor',
        reason: outcome,
        detail: { event: turn, hook: name, milliseconds },
      });
  }

  /** True when every step was done. On an opening that must be whole, nothing follows what failed. */
  async function perform(turn: Turn, steps: () => readonly Step[], signal: AbortSignal): Promise<boolean> {
    let whole = true;
    for (const step of steps()) {
      if (signal.aborted) return false;
      const ran = await runLimited(step, signal);
      tell(turn, step.name, ran);
      whole &&= ran.outcome === 'done';
      if (!whole && turn === 'unlock' && file.whenNotDone === 'stay-covered') return false;
    }
    return whole;
  }

  function enqueue<Value>(task: () => Promise<Value>): Promise<Value> {
    const next = last.then(task);
    last = next.catch(() => undefined);
    return next;
  }

  function close(who: Who, reason: string): void {
    const controller = new AbortController();
    locking = controller;
    before = markOf(who.person);
    void enqueue(() => perform('lock', () => stepsOf('lock', who, reason), controller.signal));
  }

  return {
    async prepare(who) {
      present = who;
      const controller = new AbortController();
      opening = controller;
      const done = enqueue(() => perform('unlock', () => stepsOf('unlock', who, ''), controller.signal));
      const whole = await within(file.patience, done);
      if (whole === true || controller.signal.aborted) return whole === true;
      if (whole === 'late') {
        log.warn('hooks-late', { patience: file.patience });
        record({ kind: 'hook.failed', outcome: 'minor', reason: 'late', detail: { event: 'unlock' } });
      }
      if (file.whenNotDone === 'stay-covered') {
        controller.abort();
        return false;
      }
      // What still ends the session before must not hold up what this one needs.
      locking.abort();
      return true;
    },
    locked(session, reason) {
      if (present?.session !== session) return;
      const who = present;
      present = null;
      opening.abort();
      close(who, reason);
    },
    left: (person, session) => close({ person, session, name: '', number: '', roles: [], terminal: '' }, 'start'),
    async stop() {
      await within(lastPatience, last);
      opening.abort();
      locking.abort();
      await last;
    },
  };
}

/** What comes of it, or `late` when that takes longer. */
async function within<Value>(milliseconds: number, asked: Promise<Value>): Promise<Value | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
