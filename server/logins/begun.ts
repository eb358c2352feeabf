import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AttemptId, TerminalId } from '#contract/ids.ts';
import { abandonOlderAttempts, endAttempt } from '../store/attempts.ts';
import { listReplayed, writeBegun } from '../store/begun.ts';
import { DatabaseAway, type Lane } from '../store/database.ts';
import { record, recordAll } from '../store/events.ts';
import type { FactorFacts } from '../store/taps.ts';
import { about } from './events.ts';
import type { Ticket } from './ticket.ts';

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
  add(ticket: Ticket, factors: readonly FactorFacts[]): void;
  /** What was known when it began, while it is the newest of its terminal and began at this process. */
  factorsOf(ticket: Ticket): readonly FactorFacts[] | undefined;
  /** The attempt has been written with its conclusion. */
  concluded(ticket: Ticket): void;
  /** Whether another card was tapped at the terminal after this attempt began, as far as this process knows. */
  isOvertaken(ticket: Ticket): boolean;
  settled(): Promise<void>;
  close(): Promise<void>;
}

export const createBegun = (deps: { database: Lane; now: () => Date; log: Logger }): Begun => {
  const { database, now, log } = deps;
  const waiting = new Map<AttemptId, { readonly ticket: Ticket; readonly since: number }>();
  let writing: Promise<void> | undefined;
  let closed = false;
  let isHurried = false;
  let wake = (): void => undefined;
  const newest = new Map<TerminalId, Newest>();

  const write = (tickets: readonly Ticket[]): Promise<void> =>
    database.transaction(async (tx) => {
      await writeBegun(tx, tickets);
      // Another server process was shown the same answer of a card, and wrote first.
      for (const ticket of await listReplayed(tx, tickets)) {
        await endAttempt(tx, now(), ticket.attempt, 'refused');
        const facts = { kind: 'attempt.refused', outcome: 'serious', reason: 'nonce-used' } as const;
        await record(tx, now(), { ...about(ticket, []), ...facts });
      }
      const older = await abandonOlderAttempts(tx, now(), tickets);
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
  const writeAll = async (tickets: readonly Ticket[]): Promise<void> => {
    try {
      return await write(tickets);
    } catch (problem) {
      const [one, other] = tickets;
      if (problem instanceof DatabaseAway || one === undefined) throw problem;
      if (other === undefined) return log.error({ err: problem, attempt: one }, 'a tap is not in the log of events');
    }
    for (const one of tickets) await writeAll([one]);
  };
  const flush = async (): Promise<void> => {
    for (;;) {
      const [first] = waiting.values();
      if (first === undefined) return;
      const left = first.since + patience + gathering - performance.now();
      if (left > 0 && !isHurried) await pause(left);
      const ripe = performance.now() - (isHurried ? 0 : patience);
      const attempts = [...waiting.values()].slice(0, mostAtOnce).filter(({ since }) => since <= ripe);
      if (attempts.length === 0) continue;
      try {
        await writeAll(attempts.map(({ ticket }) => ticket));
        for (const { ticket } of attempts) waiting.delete(ticket.attempt);
      } catch (problem) {
        log.warn({ err: problem, waiting: waiting.size }, 'taps could not be written yet');
        if (closed) return;
        await wait(retryAfter, undefined, { ref: false });
      }
    }
  };
  const start = (): void => {
    writing ??= flush().finally(() => {
      writing = undefined;
      if (waiting.size > 0 && !closed) start();
    });
  };

  return {
    add: (ticket, factors) => {
      const { terminal, attempt: id, startedAt } = ticket;
      const follows = newest.get(terminal)?.isConcluded !== true;
      newest.delete(terminal);
      newest.set(terminal, { attempt: id, startedAt, factors, follows, isConcluded: false });
      const oldest = newest.keys().next();
      if (newest.size > 20_000 && !oldest.done) newest.delete(oldest.value);
      if (waiting.size >= mostWaiting) log.error({ attempt: ticket }, 'a tap is not in the log of events');
      else waiting.set(id, { ticket, since: performance.now() });
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
      if (!known.follows) waiting.delete(attempt);
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
