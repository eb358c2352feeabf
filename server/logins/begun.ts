import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { TerminalId } from '#contract/ids.ts';
import { abandonOlderAttempts, endAttempt } from '../store/attempts.ts';
import type { Lane } from '../store/database.ts';
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
/** What is still to be written keeps no program running that has nothing else to do. */
const aside = { ref: false } as const;
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
  let hurry = Promise.withResolvers<void>();
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

  const flush = async (): Promise<void> => {
    for (;;) {
      const [first] = waiting;
      if (first === undefined) return;
      const left = first.since + patience + gathering - performance.now();
      if (left > 0) await Promise.race([wait(left, undefined, aside), hurry.promise]);
      const ripe = performance.now() - (isHurried ? 0 : patience);
      const attempts = waiting.slice(0, mostAtOnce).filter(({ since }) => since <= ripe);
      if (attempts.length === 0) continue;
      try {
        await write(attempts);
        waiting = waiting.filter((one) => !attempts.includes(one));
      } catch (problem) {
        log.warn({ err: problem, waiting: waiting.length }, 'taps could not be written yet');
        if (closed) return;
        await wait(retryAfter, undefined, aside);
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
      hurry.resolve();
      while (writing !== undefined) await writing;
      isHurried = false;
      hurry = Promise.withResolvers();
    },
    close: async () => {
      closed = true;
      isHurried = true;
      hurry.resolve();
      await writing;
    },
  };
};
