import type { Database } from './store/database.ts';

/** Columns that say when something was last seen or used: a refused request may move them. */
const moving = [
  'last_seen_at',
  'last_used_at',
  'connected_at',
  'connected_to',
  'seen_at',
  'clock_offset_ms',
  'active_at',
];

/** A sum of every row of every table, by table; but for the log, its tree and its sums, which refusals are written to. */
export const sumTables = async (database: Database): Promise<Readonly<Record<string, string>>> => {
  const tables = await database.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname not in ('event', 'event_sum', 'event_sum_end', 'event_seam', 'event_seam_end', 'ready_sum', 'ready_sum_end', 'log_leaf', 'log_tile', 'log_checkpoint', 'log_key', 'pgmigrations') order by 1`,
  );
  const parts = tables.map(
    ({
      name,
    }) => `select '${name}' as name, count(*) || ' ' || coalesce(sum(hashtextextended((to_jsonb(t) - $1::text[])::text, 0)), 0)
      as sum from "${name}" t`,
  );
  const sums = await database.query<{ name: string; sum: string }>(parts.join(' union all '), [moving]);
  return Object.fromEntries(sums.map(({ name, sum }) => [name, sum]));
};
