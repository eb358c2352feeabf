import type { Moment } from '#core/login/state.ts';

export interface ClockDeps {
  /** Milliseconds since 1970 on a scale that never jumps. */
  readonly steady: () => Moment;
  /** The clock of this terminal as it is set now, milliseconds since 1970. */
  readonly wall: () => number;
  /** What the server says the time is, milliseconds since 1970. */
  readonly onObserved?: (server: number, fresh: boolean) => void;
  readonly onWrong: (wrong: boolean, offset: number) => void;
}

export interface Clock {
  now(): Moment;
  wall(): Date;
  /** Takes in what the server says the time is; `fresh`: it says so just now, and not a while ago. */
  observe(serverTime: string, fresh?: boolean): void;
  /** The moment of an instant that the server named. */
  toMoment(instant: string): Moment;
  /** The instant, by this terminal’s clock, of a moment. */
  toInstant(moment: Moment): string;
  /** What the server's clock shows now, milliseconds since 1970. */
  serverNow(): number;
}

/** Above this difference to the server the clock counts as wrong (milliseconds). */
export const clockLimit = 60_000;
const samples = 5;

export function createClock(deps: ClockDeps): Clock {
  const steadyOffsets: number[] = [];
  const wallOffsets: number[] = [];
  let wrong = false;

  const steadyOffset = () => median(steadyOffsets);

  return {
    now: deps.steady,
    wall: () => new Date(deps.wall()),
    observe(serverTime, fresh = false) {
      const server = Date.parse(serverTime);
      if (Number.isNaN(server)) return;
      deps.onObserved?.(server, fresh);
      keep(steadyOffsets, deps.steady() - server);
      keep(wallOffsets, deps.wall() - server);
      const offset = median(wallOffsets);
      const isWrong = Math.abs(offset) > clockLimit;
      if (isWrong === wrong) return;
      wrong = isWrong;
      deps.onWrong(wrong, offset);
    },
    toMoment: (instant) => Date.parse(instant) + steadyOffset(),
    toInstant: (moment) => new Date(moment - deps.steady() + deps.wall()).toISOString(),
    serverNow: () => deps.steady() - steadyOffset(),
  };
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > samples) values.shift();
}

/** 0 where nothing is known yet: the terminal's own clock is all there is. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
