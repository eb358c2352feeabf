import type { LogFilter } from '#contract/api/log-filter.ts';
import type { Transaction } from './database.ts';
import { hasSeam } from './event-seams.ts';

/** A time of the log: from the one moment to before the other. */
export interface LogTimes {
  readonly from: Date | null;
  readonly to: Date | null;
}

/** The same with the numbers between which its lines lie, as far as they are known. */
export interface LogRange extends LogTimes {
  readonly lowest: number | null;
  readonly highest: number | null;
}
export const endless: LogRange = { from: null, to: null, lowest: null, highest: null };

/** By what policy calls the hospital's zone: days as they are there, the last one being whole. */
const findTimes = async (
  tx: Transaction,
  now: Date,
  { period, from, to }: Pick<LogFilter, 'period' | 'from' | 'to'>,
  timeZone: string,
): Promise<LogTimes> => {
  const [row] = await tx.query<LogTimes>(
    `select greatest(begun, $4::text::timestamp) at time zone $2 as from,
            least(ended, $5::text::timestamp + case when length($5::text) = 10 then interval '1 day' else interval '1 minute' end)
              at time zone $2 as to
       from (select case $3 when 'today' then day when 'yesterday' then day - interval '1 day'
                            when 'week' then day - interval '6 days' when 'month' then date_trunc('month', day) end as begun,
                    case $3 when 'yesterday' then day end as ended
               from (select date_trunc('day', $1::timestamptz at time zone $2) as day) today) named`,
    [now, timeZone, period ?? null, from ?? null, to ?? null],
    'log-times',
  );
  return { from: row?.from ?? null, to: row?.to ?? null };
};

/** The clocks of two servers differ by no more: half a minute of it would already refuse every one-time code. */
const slack = '2 hours';

/**
 * Numbers of lines follow their times but for the slack. So a walk along an index of numbers begins where the range ends,
 * and ends where it begins, instead of reading all that came after. Where a clock went back (`event_seam`) numbers say nothing
 * of times, and the walk is as long as it must be.
 */
export const findNumbers = async (tx: Transaction, { from, to }: LogTimes): Promise<LogRange> => {
  const [row] = await tx.query<{ lowest: number | null; highest: number | null }>(
    `select event_number_from($1::timestamptz - interval '${slack}') as lowest,
            event_number_from($2::timestamptz + interval '${slack}') - 1 as highest`,
    [from, to],
    'log-numbers',
  );
  if (row === undefined || (await hasSeam(tx, from, to))) return { from, to, lowest: null, highest: null };
  // Nothing is so late: above every number.
  const lowest = from !== null && row.lowest === null ? Number.MAX_SAFE_INTEGER : row.lowest;
  return { from, to, lowest, highest: row.highest };
};

/** Undefined where a filter names no time. */
export const findRange = async (
  tx: Transaction,
  now: Date,
  filter: Pick<LogFilter, 'period' | 'from' | 'to'>,
  timeZone: string,
): Promise<LogRange | undefined> => {
  if (filter.period === undefined && filter.from === undefined && filter.to === undefined) return undefined;
  return findNumbers(tx, await findTimes(tx, now, filter, timeZone));
};

/** What both have. */
export const within = (one: LogTimes, other: LogTimes): LogTimes => ({
  from: later(one.from, other.from),
  to: earlier(one.to, other.to),
});
const later = (one: Date | null, other: Date | null): Date | null =>
  one === null || (other !== null && other > one) ? other : one;
const earlier = (one: Date | null, other: Date | null): Date | null =>
  one === null || (other !== null && other < one) ? other : one;
