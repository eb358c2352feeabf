import type { Logger } from 'pino';
import { type FailureCode, failures } from '#contract/errors.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import { createBatch } from './batch.ts';
import type { Lane } from './store/database.ts';
import { type EventToRecord, recordAll } from './store/events.ts';

export interface Refusal {
  readonly code: FailureCode;
  /** Name of the row, or the path that matches none. */
  readonly call: string;
  readonly address: string;
  readonly terminal: TerminalId | null;
  readonly person: PersonId | null;
  /** Name of the directory that sent it, if one did. */
  readonly directory?: string | undefined;
  /** More exact than the code, for the log alone. */
  readonly why?: string;
}

const second = 1000;
/** One event in this time for the same sender, call and code; the next one says how many were left out. */
const quiet = 10 * second;
/** Events a minute of one address, so that it cannot crowd out the others; and of all together. */
const atMostEach = 60;
const atMost = 600;
/** For so long refusals wait for each other (milliseconds): a flood of them is few transactions, and nobody waits for those. */
const gather = 50;

/** Writes refusals to the log, so few that nobody can fill the disk with them. */
export const createRefusals = (deps: { database: Lane; now: () => Date; log: Logger }) => {
  const last = new Map<string, { at: number; leftOut: number }>();
  const written = createBatch<EventToRecord, void>({
    run: async (events) => {
      await deps.database.transaction((tx) => recordAll(tx, deps.now(), events));
      return [];
    },
    lanes: 1,
    gather: () => gather,
  });
  let minute = { since: 0, written: 0, byAddress: new Map<string, number>() };

  /** Number of equal ones left out before this one; `undefined` when this one is to be left out too. */
  const admit = (address: string, key: string, now: number): number | undefined => {
    // However far the clock was put back meanwhile.
    const since = (at: number): number => Math.abs(now - at);
    if (since(minute.since) >= 60 * second) {
      minute = { since: now, written: 0, byAddress: new Map() };
      for (const [old, { at }] of last) if (since(at) > quiet) last.delete(old);
    }
    const before = last.get(key);
    const known = before !== undefined && since(before.at) < quiet;
    const ofAddress = minute.byAddress.get(address) ?? 0;
    if (known || minute.written >= atMost || ofAddress >= atMostEach) {
      if (before !== undefined) before.leftOut += 1;
      return undefined;
    }
    minute.written += 1;
    minute.byAddress.set(address, ofAddress + 1);
    last.set(key, { at: now, leftOut: 0 });
    return before?.leftOut ?? 0;
  };
  return {
    note: (refusal: Refusal): void => {
      const { code, call, address, terminal, person, directory, why } = refusal;
      const now = deps.now();
      const leftOut = admit(address, `${address} ${call} ${code} ${terminal ?? directory ?? ''}`, now.getTime());
      deps.log.info({ code, call, address, terminal, person, directory, why }, 'request refused');
      if (leftOut === undefined) return;
      const event: EventToRecord = {
        kind: 'request.refused',
        outcome: failures[code].outcome,
        person,
        terminal,
        reason: why ?? code,
        detail: {
          code,
          call: call.slice(0, 100),
          address,
          ...(directory === undefined ? {} : { directory }),
          ...(leftOut > 0 ? { leftOut } : {}),
        },
      };
      written
        .add(event)
        .catch((problem: unknown) => deps.log.error({ err: problem }, 'a refusal could not be written to the log'));
    },
    /** Resolves when every refusal so far is written. */
    settled: written.settled,
  };
};
export type Refusals = ReturnType<typeof createRefusals>;
