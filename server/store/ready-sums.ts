import type { ReadyTimes } from '#contract/api/overview.ts';
import type { Transaction } from './database.ts';

/** A terminal's word for how long it took; nothing is longer. */
const longest = 3_600_000;

/** SQL: a number of milliseconds that a terminal told with an opening; null where it told none. */
export const toldMilliseconds = (name: 'readyMs' | 'machineMs'): string =>
  `case when jsonb_typeof(detail->'${name}') = 'number' then least(greatest((detail->>'${name}')::numeric, 0), ${longest}) end`;

/** SQL: to two digits, as precise as a page shows it. */
const rounded = (value: string): string => `round(${value}, least(0, 1 - floor(log(greatest(${value}, 1)))::int))::int`;

/**
 * Counts openings of lines up to this number, so many lines at a time. True while more wait. It has an end of its own:
 * servers of the version before count lines without looking at these.
 */
export const sumReady = async (tx: Transaction, settled: number, portion: number): Promise<boolean> => {
  const [row] = await tx.query<{ seq: number }>('select seq from ready_sum_end', [], 'ready-end');
  const from = row?.seq ?? 0;
  const upTo = Math.min(settled, from + portion);
  if (upTo <= from) return false;
  await tx.query(
    `insert into ready_sum (span, begins, measure, milliseconds, openings)
     select span, date_trunc(span, at, 'UTC'), measure, ${rounded('took')}, count(*)
       from (select at, ${toldMilliseconds('readyMs')} as ready, ${toldMilliseconds('machineMs')} as machine from event
              where seq > $1 and seq <= $2 and kind = 'screen.opened' and terminal is not null) opened,
            lateral (values ('ready', ready), ('machine', machine)) as times (measure, took),
            (values ('hour'), ('day')) as spans (span)
      where ready is not null and machine is not null
      group by 1, 2, 3, 4
     on conflict (span, begins, measure, milliseconds) do update set openings = ready_sum.openings + excluded.openings`,
    [from, upTo],
    'sum-ready',
  );
  await tx.query('update ready_sum_end set seq = $1', [upTo], 'ready-save-end');
  return upTo < settled;
};

interface Step {
  readonly measure: 'ready' | 'machine';
  readonly milliseconds: number;
  readonly openings: number;
}

/** The least time that this share of openings did not exceed. */
const percentile = (steps: readonly Step[], share: number): number => {
  const wanted = share * steps.reduce((sum, { openings }) => sum + openings, 0);
  let passed = 0;
  const found = steps.find(({ openings }) => {
    passed += openings;
    return passed >= wanted;
  });
  return found?.milliseconds ?? 0;
};

const day = 24 * 3_600_000;

/** Over all terminals, from one hour to before another: whole days of UTC, and hours before and after them. */
export const readReadyTimes = async (tx: Transaction, from: Date, to: Date): Promise<ReadyTimes | null> => {
  const firstDay = Math.min(Math.ceil(from.getTime() / day) * day, to.getTime());
  const lastDay = Math.max(Math.floor(to.getTime() / day) * day, firstDay);
  const steps = await tx.query<Step>(
    `select measure, milliseconds, sum(openings)::bigint as openings from ready_sum
      where (span = 'day' and begins >= $2 and begins < $3)
         or (span = 'hour' and begins >= $1 and begins < $2) or (span = 'hour' and begins >= $3 and begins < $4)
      group by measure, milliseconds order by milliseconds`,
    [from, new Date(firstDay), new Date(lastDay), to],
    'ready-times',
  );
  const ready = steps.filter(({ measure }) => measure === 'ready');
  const machine = steps.filter(({ measure }) => measure === 'machine');
  const logins = ready.reduce((sum, { openings }) => sum + openings, 0);
  if (logins === 0) return null;
  return {
    logins,
    median: percentile(ready, 0.5),
    p95: percentile(ready, 0.95),
    machineMedian: percentile(machine, 0.5),
    machineP95: percentile(machine, 0.95),
  };
};
