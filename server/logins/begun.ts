import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { TerminalId } from '#contract/ids.ts';
import { abandonOlderAttempts, endAttempt } from '../store/attempts.ts';
import { DatabaseAway, type Lane } from '../store/database.ts';
import { record, recordAll } from '../store/events.ts';
import { type BegunAttempt, listReplayed, writeBegun } from '../store/proofs.ts';
import type { FactorFacts } from '../store/taps.ts';
import { about } from './events.ts';

/**
 * How long an attempt waits before it is written (milliseconds), and how long those are gathered that are written together.
 * What is proved meanwhile is written with that, once.
 */
const patience = 400;
const gathering = 200;
const mostAtOnce = 500;
const retryAfter = 500;
/** More than a hospital taps while its database is away for a minute; what is over it is only in the server's own log. */
const mostWaiting = 20_000;

interface Newest {
  readonly attempt: string;
  readonly startedAt: number;
  readonly factors: readonly FactorFacts[];
  /** An open attempt of the terminal may have been there before it. */
  readonly follows: boolean;
  isConcluded: boolean;
}

/** Writes attempts a moment after their taps, so that no tap waits for a disk. A proof that comes first writes its own. */
export interface Begun {
  /** `factors`: what is known of the person's factors at this moment. */
  add(attempt: BegunAttempt, factors: readonly FactorFacts[]): void;
  /** What was known when it began, while it is the newest of its terminal and began at this process. */
  factorsOf(ticket: BegunAttempt['ticket']): readonly FactorFacts[] | undefined;
  /** The attempt has been written with its conclusion. */
  concluded(ticket: BegunAttempt['ticket']): void;
  /** Whether another card was tapped at the terminal after this attempt began, as far as this process knows. */
  isOvertaken(ticket: BegunAttempt['ticket']): boolean;
  settled(): Promise<void>;
  close(): Promise<void>;
}

export const createBegun = (deps: { database: Lane; now: () => Date; log: Logger }): Begun => {
  const { database, now, log } = deps;
  let waiting: (BegunAttempt & { readonly since: number })[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;
  let isHurried = false;
  let wake = (): void => undefined;
  const newest = new Map<TerminalId, Newest>();

  const write = (attempts: readonly BegunAttempt[]): Promise<void> =>
    database.transaction(async (tx) => {
      await writeBegun(tx, attempts);
      // Another server process was shown the same answer of a card, and wrote first.
      for (const ticket of await listReplayed(
        tx,
        attempts.map(({ ticket }) => ticket),
      )) {
        await endAttempt(tx, now(), ticket.attempt, 'refused');
        const facts = { kind: 'attempt.refused', outcome: 'serious', reason: 'nonce-used' } as const;
        await record(tx, now(), { ...about(ticket, []), ...facts });
      }
      const older = await abandonOlderAttempts(
        tx,
        now(),
        attempts.map(({ ticket }) => ticket),
      );
      await recordAll(
        tx,
        now(),
        older.map(({ id, terminal, person, card, supportCode, factors }) => ({
          kind: 'attempt.abandoned',
          outcome: 'minor',
          terminal,
          person,
          card,
          attempt: id,
          supportCode,
          factors,
          reason: 'other-card',
        })),
      );
      await tx.notify('changed', { what: 'events' });
    });

  /** Until so many milliseconds are over, or somebody is in a hurry. What is still to be written keeps no program running. */
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  /** What can never be written, because whom it names is gone, holds up nothing else. */
  const writeAll = async (attempts: readonly BegunAttempt[]): Promise<void> => {
    try {
      return await write(attempts);
    } catch (problem) {
      const [one, other] = attempts;
      if (problem instanceof DatabaseAway || one === undefined) throw problem;
      if (other === undefined)
        return log.error({ err: problem, attempt: one.ticket }, 'a tap is not in the log of events');
    }
    for (const one of attempts) await writeAll([one]);
  };
  const flush = async (): Promise<void> => {
    for (;;) {
      const [first] = waiting;
      if (first === undefined) return;
      const left = first.since + patience + gathering - performance.now();
      if (left > 0 && !isHurried) await pause(left);
      const ripe = performance.now() - (isHurried ? 0 : patience);
      const attempts = waiting.slice(0, mostAtOnce).filter(({ since }) => since <= ripe);
      if (attempts.length === 0) continue;
      try {
        await writeAll(attempts);
        waiting = waiting.filter((one) => !attempts.includes(one));
      } catch (problem) {
        log.warn({ err: problem, waiting: waiting.length }, 'taps could not be written yet');
        if (closed) return;
        await wait(retryAfter, undefined, { ref: false });
      }
    }
  };
  const start = (): void => {
    writing ??= flush().finally(() => {
      writing = undefined;
      if (waiting.length > 0 && !closed) start();
    });
  };

  return {
    add: (attempt, factors) => {
      const { terminal, attempt: id, startedAt } = attempt.ticket;
      const follows = newest.get(terminal)?.isConcluded !== true;
      newest.delete(terminal);
      newest.set(terminal, { attempt: id, startedAt, factors, follows, isConcluded: false });
      const oldest = newest.keys().next();
      if (newest.size > 20_000 && !oldest.done) newest.delete(oldest.value);
      if (waiting.length >= mostWaiting) log.error({ attempt: attempt.ticket }, 'a tap is not in the log of events');
      else waiting.push({ ...attempt, since: performance.now() });
      start();
    },
    factorsOf: ({ terminal, attempt }) => {
      const known = newest.get(terminal);
      return known?.attempt === attempt ? known.factors : undefined;
    },
    concluded: ({ terminal, attempt }) => {
      const known = newest.get(terminal);
      if (known?.attempt !== attempt) return;
      known.isConcluded = true;
      // One that may have an open one before it still has to end that.
      if (!known.follows) waiting = waiting.filter((one) => one.ticket.attempt !== attempt);
    },
    isOvertaken: ({ terminal, startedAt }) => (newest.get(terminal)?.startedAt ?? 0) > startedAt,
    settled: async () => {
      isHurried = true;
      wake();
      while (writing !== undefined) await writing;
      isHurried = false;
    },
    close: async () => {
      closed = true;
      isHurried = true;
      wake();
      await writing;
    },
  };
};
