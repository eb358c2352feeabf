-- Up Migration

/*
 * What lines of the log stand for in the indexes over kind, terminal and person (`event-stretches.ts`). 0: for themselves, as all
 * that were written before. More: also for lines of the same three, up to so many numbers further. -1: an earlier line stands for
 * this one.
 */
alter table event add column alike smallint not null default 0;

/*
 * Lines of these numbers and times, the newest first: read along their numbers, whatever the planner knows of the log. Planned
 * once, not each time for all months.
 */
create function event_lines(lowest bigint, upper bigint, earliest timestamptz, latest timestamptz) returns setof event
  language plpgsql stable rows 50
  set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select * from event
                where seq >= lowest and seq < upper and at >= earliest and at <= latest order by seq desc;
end
$$;

/*
 * One entry for each stretch of such lines. Where there are lines already, the server makes these after its start, while others
 * go on (`event-indexes.ts`).
 */
create index event_of_kind on only event (kind, seq) where alike >= 0;
create index event_of_terminal on only event (terminal, seq) where terminal is not null and alike >= 0;
create index event_of_person on only event (person, seq) where person is not null and alike >= 0;
do $$
declare
  month text;
begin
  if (select last_value from event_seq) > 1 then
    return;
  end if;
  for month in select inhrelid::regclass from pg_inherits where inhparent = 'event'::regclass loop
    execute format('create index %I on %s (kind, seq) where alike >= 0', month || '_of_kind', month);
    execute format('alter index event_of_kind attach partition %I', month || '_of_kind');
    execute format('create index %I on %s (terminal, seq) where terminal is not null and alike >= 0', month || '_of_terminal', month);
    execute format('alter index event_of_terminal attach partition %I', month || '_of_terminal');
    execute format('create index %I on %s (person, seq) where person is not null and alike >= 0', month || '_of_person', month);
    execute format('alter index event_of_person attach partition %I', month || '_of_person');
  end loop;
  drop index event_kind, event_terminal, event_person;
end
$$;
