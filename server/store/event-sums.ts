import type { EventKind } from '#contract/audit.ts';
import type { Transaction } from './database.ts';
import { findSeams } from './event-seams.ts';
import { sumReady } from './ready-sums.ts';

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
 * Counts lines up to this number, so many at a time, with how long openings took, and finds their seams. True while more wait. What happened without the
 * server counts when it happened; of everything else the server's own time is known.
 */
export const sumEvents = async (tx: Transaction, settled: number, portion: number): Promise<boolean> => {
  const [lock] = await tx.query<{ got: boolean }>(
    'select pg_try_advisory_xact_lock($1) as got',
    [counting],
    'sum-lead',
  );
  if (lock?.got !== true) return false;
  const isUnseen = await findSeams(tx, settled, portion);
  const isBehind = (await sumReady(tx, settled, portion)) || isUnseen;
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

export interface KindSum {
  readonly kind: SummedKind;
  readonly lines: number;
}

export interface HourSum extends KindSum {
  readonly hour: Date;
}

export const sumByHour = (tx: Transaction, { from, to, kinds }: SumQuery): Promise<HourSum[]> =>
  tx.query(
    `select hour, kind, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by hour, kind`,
    [from, to, kinds],
    'sums-by-hour',
  );

export interface ReasonSum extends KindSum {
  readonly reason: string;
}

export const sumByReason = (tx: Transaction, { from, to, kinds }: SumQuery): Promise<ReasonSum[]> =>
  tx.query(
    `select kind, reason, sum(lines)::bigint as lines from event_sum
      where hour >= $1 and hour < $2 and kind = any($3) group by kind, reason order by lines desc, kind, reason`,
    [from, to, kinds],
    'sums-by-reason',
  );

/** One time looked at from every side. */
export interface Sums {
  /** By day of the zone. */
  readonly days: readonly (KindSum & { readonly day: string })[];
  /** By hour of the day of the zone. */
  readonly clock: readonly (KindSum & { readonly clock: number })[];
  readonly places: readonly (KindSum & { readonly place: string })[];
  /** Somebody with two roles counts with each. */
  readonly roles: readonly (KindSum & { readonly role: string })[];
  readonly reasons: readonly ReasonSum[];
}

/** Read through once for all of them. */
export const sumAllWays = async (tx: Transaction, { from, to, kinds }: SumQuery, timeZone: string): Promise<Sums> => {
  const [row] = await tx.query<Sums>(
    `with way as materialized (
       select hour, place, roles, kind, reason, sum(lines)::bigint as lines,
              grouping(hour) as no_hour, grouping(place) as no_place, grouping(roles) as no_roles, grouping(reason) as no_reason
         from event_sum where hour >= $1 and hour < $2 and kind = any($3)
        group by kind, grouping sets ((hour), (place), (roles), (reason))
     ), local as materialized (select hour at time zone $4 as hour, kind, lines from way where no_hour = 0)
     select (select coalesce(json_agg(d), '[]') from (select to_char(hour, 'YYYY-MM-DD') as day, kind, sum(lines) as lines from local group by 1, 2) d) as days,
            (select coalesce(json_agg(c), '[]') from (select extract(hour from hour)::int as clock, kind, sum(lines) as lines from local group by 1, 2) c) as clock,
            (select coalesce(json_agg(p), '[]') from (select place, kind, lines from way where no_place = 0) p) as places,
            (select coalesce(json_agg(r), '[]') from (select role, kind, sum(lines) as lines from way, unnest(roles) as role where no_roles = 0 group by 1, 2) r) as roles,
            (select coalesce(json_agg(s), '[]') from (select kind, reason, lines from way where no_reason = 0 order by lines desc, kind, reason) s) as reasons`,
    [from, to, kinds, timeZone],
    'sums-all-ways',
  );
  if (row === undefined) throw new Error('sums are missing');
  return row;
};
