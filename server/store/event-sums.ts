import type { EventKind } from '#contract/audit.ts';
import type { Transaction } from './database.ts';
import { findSeams } from './event-seams.ts';

/** What is counted: what a chart or a report shows. */
export const summedKinds = [
  'session.began',
  'offline.opened',
  'proof.refused',
  'attempt.refused',
  'attempt.abandoned',
  'offline.refused',
  'code.refused',
  'credential.locked',
  'card.misread',
  'reader.lost',
  'link.lost',
  'emergency.opened',
  'revocation.issued',
  'card.enrolled',
  'substitute.issued',
  'console.signed-in',
  'console.sign-in-refused',
] as const satisfies readonly EventKind[];
export type SummedKind = (typeof summedKinds)[number];

/** Any constant: of all server processes one at a time counts. */
const counting = 5_411_006;

/** Reasons are of the server’s own words but for these, which people write. */
const written: readonly SummedKind[] = ['revocation.issued'];

/**
 * Counts lines up to this number, so many at a time, and finds their seams. True while more wait. What happened without the
 * server counts when it happened; of everything else the server's own time is known.
 */
export const sumEvents = async (tx: Transaction, settled: number, portion: number): Promise<boolean> => {
  const [lock] = await tx.query<{ got: boolean }>(
    'select pg_try_advisory_xact_lock($1) as got',
    [counting],
    'sum-lead',
  );
  if (lock?.got !== true) return false;
  const isBehind = await findSeams(tx, settled, portion);
  const [row] = await tx.query<{ seq: number }>('select seq from event_sum_end', [], 'sum-end');
  const from = row?.seq ?? 0;
  const upTo = Math.min(settled, from + portion);
  if (upTo <= from) return isBehind;
  await tx.query(
    `insert into event_sum (hour, kind, reason, place, roles, lines)
     select date_trunc('hour', case when e.kind like 'offline.%' then least(e.happened_at, e.at) else e.at end, 'UTC'), e.kind,
            case when e.kind = any($4) then '' else coalesce(e.reason, '') end,
            coalesce(t.place, ''), coalesce(p.roles, '{}'), count(*)
       from event e left join terminal t on t.id = e.terminal left join person p on p.id = e.person
      where e.seq > $1 and e.seq <= $2 and e.kind = any($3)
      group by 1, 2, 3, 4, 5
     on conflict (hour, kind, reason, place, roles) do update set lines = event_sum.lines + excluded.lines`,
    [from, upTo, summedKinds, written],
  );
  await tx.query('update event_sum_end set seq = $1', [upTo], 'sum-save-end');
  return isBehind || upTo < settled;
};

export interface SumQuery {
  readonly from: Date;
  readonly to: Date;
  readonly kinds: readonly SummedKind[];
}

export interface HourSum {
  readonly hour: Date;
  readonly kind: SummedKind;
  readonly lines: number;
}

export const sumByHour = (tx: Transaction, { from, to, kinds }: SumQuery): Promise<HourSum[]> =>
  tx.query(
    `select hour, kind, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by hour, kind`,
    [from, to, kinds],
    'sums-by-hour',
  );

export interface ReasonSum {
  readonly kind: SummedKind;
  readonly reason: string;
  readonly lines: number;
}

export const sumByReason = (tx: Transaction, { from, to, kinds }: SumQuery): Promise<ReasonSum[]> =>
  tx.query(
    `select kind, reason, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by kind, reason order by lines desc, kind, reason`,
    [from, to, kinds],
    'sums-by-reason',
  );

/** By day of this zone. */
export const sumByDay = (
  tx: Transaction,
  { from, to, kinds }: SumQuery,
  timeZone: string,
): Promise<{ readonly day: string; readonly kind: SummedKind; readonly lines: number }[]> =>
  tx.query(
    `select to_char(hour at time zone $4, 'YYYY-MM-DD') as day, kind, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by 1, 2`,
    [from, to, kinds, timeZone],
    'sums-by-day',
  );

/** By hour of the day of this zone. */
export const sumByClock = (
  tx: Transaction,
  { from, to, kinds }: SumQuery,
  timeZone: string,
): Promise<{ readonly clock: number; readonly lines: number }[]> =>
  tx.query(
    `select extract(hour from hour at time zone $4)::int as clock, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by 1`,
    [from, to, kinds, timeZone],
    'sums-by-clock',
  );

export const sumByPlace = (
  tx: Transaction,
  { from, to, kinds }: SumQuery,
): Promise<{ readonly place: string; readonly kind: SummedKind; readonly lines: number }[]> =>
  tx.query(
    `select place, kind, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by place, kind`,
    [from, to, kinds],
    'sums-by-place',
  );

/** Somebody with two roles counts with each. */
export const sumByRole = (
  tx: Transaction,
  { from, to, kinds }: SumQuery,
): Promise<{ readonly role: string; readonly kind: SummedKind; readonly lines: number }[]> =>
  tx.query(
    `select role, kind, sum(lines)::bigint as lines from event_sum, unnest(roles) as role
      where hour >= $1 and hour < $2 and kind = any($3) group by role, kind`,
    [from, to, kinds],
    'sums-by-role',
  );
