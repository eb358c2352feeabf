import type { Transaction } from './database.ts';

/** While more lines than these were not looked at, a search by time trusts no numbers; up to so many it looks at itself. */
export const mostUnseen = 20_000;

/**
 * SQL: of the lines after `from`, up to `upTo`, those that were written more than an hour earlier, by the clock, than the
 * line before them. The first of them follows the one of this number, or one below where nothing has this number.
 */
const seamsWithin = (from: string, upTo: string): string =>
  `(select seq, at as earlier, before as later from (
      select seq, at, lag(at) over (order by seq) as before from event
       where seq >= coalesce((select seq from event where seq <= ${from} order by seq desc limit 1), 0) and seq <= ${upTo}
    ) line where before - at > interval '1 hour')`;

/**
 * Writes down where the clock by which lines are written went back (`log-range.ts`), so many lines at a time. True while
 * more wait. It has an end of its own: servers of the version before count lines without looking at their times.
 */
export const findSeams = async (tx: Transaction, settled: number, portion: number): Promise<boolean> => {
  const [row] = await tx.query<{ seq: number }>('select seq from event_seam_end', [], 'seam-end');
  const from = row?.seq ?? 0;
  const upTo = Math.min(settled, from + portion);
  if (upTo <= from) return false;
  await tx.query(
    `insert into event_seam (seq, earlier, later)
     select seq, earlier, later from ${seamsWithin('$1', '$2')} seam on conflict do nothing`,
    [from, upTo],
    'find-seams',
  );
  await tx.query('update event_seam_end set seq = $1', [upTo], 'seam-save-end');
  return upTo < settled;
};

const end = '(select seq from event_seam_end)';
const touches = '($1::timestamptz is null or later >= $1) and ($2::timestamptz is null or earlier < $2)';

/** Whether a clock may have gone back within this time, or over it. */
export const hasSeam = async (tx: Transaction, from: Date | null, to: Date | null): Promise<boolean> => {
  const [row] = await tx.query<{ seams: boolean }>(
    `select (select last_value from event_seq) - ${end} > $3
         or exists (select from event_seam where ${touches})
         or exists (select from ${seamsWithin(end, `${end} + $3`)} seam where ${touches}) as seams`,
    [from, to, mostUnseen],
  );
  return row?.seams ?? true;
};
