import type { Phase, State } from '#core/login/state.ts';
import type { Clock } from './clock.ts';

/** How long a login took, from the card in the field to the desktop that may be shown (milliseconds, both whole). */
export interface Taken {
  readonly readyMs: number;
  /** Of it what reader, server and terminal took; the rest is the person, who reads and types. */
  readonly machineMs: number;
}

export interface Stopwatch {
  /** Told of every state. */
  see(state: State): void;
  /** Of the login that opens now; undefined where no card began it. */
  take(): Taken | undefined;
}

/** The person is at it. */
const isTheirs = (phase: Phase): boolean => phase.kind === 'asking' || (phase.kind === 'elsewhere' && !phase.sending);
const isUnderWay = ({ kind }: Phase): boolean =>
  kind === 'reading' ||
  kind === 'identifying' ||
  kind === 'asking' ||
  kind === 'checking' ||
  kind === 'elsewhere' ||
  kind === 'opening';

/** Times logins by the monotonic clock, for the events that say how soon a terminal is ready. */
export function createStopwatch(clock: Pick<Clock, 'now'>): Stopwatch {
  let before: Phase | undefined;
  let began: number | undefined;
  let theirs = 0;
  let since = 0;

  return {
    see({ phase }) {
      if (phase === before) return;
      const now = clock.now();
      if (before !== undefined && isTheirs(before)) theirs += now - since;
      since = now;
      if (!isUnderWay(phase)) began = undefined;
      else if (phase.kind === 'reading' || (phase.kind === 'identifying' && before?.kind !== 'reading')) {
        began = now;
        theirs = 0;
      }
      before = phase;
    },
    take() {
      if (began === undefined) return undefined;
      const readyMs = Math.round(clock.now() - began);
      return { readyMs, machineMs: Math.max(0, Math.round(readyMs - theirs)) };
    },
  };
}
