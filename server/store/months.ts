import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { record } from './events.ts';
import { findEnd } from './log-tree.ts';

/** How many months after the present one are open. */
const ahead = 2;
/** A table's lock is not waited for any longer (milliseconds): whoever logs in waits behind. */
const lockLimit = 300;

/** Gives up soon where a lock on the whole log is not free. */
export const waitBriefly = (tx: Transaction): Promise<unknown> => tx.query(`set local lock_timeout = ${lockLimit}`);

/** The first moment of a month (UTC), `months` from the one in which `at` lies. */
export const monthFrom = (at: Date, months: number): Date =>
  new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months));

/** Opens the months that are to come. What had been written for them meanwhile moves there. */
export const openMonths = async (tx: Transaction, now: Date): Promise<void> => {
  for (let months = 0; months <= ahead; months += 1) {
    await tx.query('select open_event_month($1)', [monthFrom(now, months)]);
  }
};

interface Month {
  readonly name: string;
  readonly beginsAt: Date | null;
  readonly endsAt: Date;
}

/** At most one in this time (milliseconds): a clock or a policy that is wrong takes no years of the log at once. */
const pause = 24 * 3_600_000;

/** Drops the oldest month of which no day is kept. The event that says so is written with it; null when none was dropped. */
export const dropOldMonth = async (tx: Transaction, now: Date, keptMonths: number): Promise<string | null> => {
  const keptFrom = monthFrom(now, -keptMonths);
  const [oldest] = await tx.query<Month>(
    `select name, begins_at as "beginsAt", ends_at as "endsAt" from event_month where ends_at <= $1
      order by ends_at limit 1`,
    [keptFrom],
  );
  if (oldest === undefined) return null;
  const lately = await tx.query(
    `select 1 from event where kind = 'log.month-dropped' and ${isMark} and at > $1 limit 1`,
    [new Date(now.getTime() - pause)],
  );
  if (lately.length > 0) return null;
  const [held] = await tx.query<{ count: number; first: number | null; last: number | null }>(
    'select count(*), min(seq) as first, max(seq) as last from event where at >= $1 and at < $2',
    [oldest.beginsAt ?? '-infinity', oldest.endsAt],
  );
  // Their hashes must be there when they are gone.
  if ((held?.last ?? 0) > (await findEnd(tx)).lastSeq) return null;
  const until = monthFrom(oldest.endsAt, -1).toISOString().slice(0, 7);
  await tx.query('select drop_event_month($1, $2)', [oldest.name, keptFrom]);
  await record(tx, now, {
    kind: 'log.month-dropped',
    outcome: 'success',
    reason: 'retention',
    detail: {
      until,
      keptMonths,
      events: held?.count ?? 0,
      ...(held?.first == null ? {} : { first: held.first }),
      ...(held?.last == null ? {} : { last: held.last }),
    },
  });
  return until;
};
