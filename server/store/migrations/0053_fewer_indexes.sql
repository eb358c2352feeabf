-- Up Migration

/*
 * The number of the first line of that time or later; null where none is so late. By halving, since numbers follow times: lines
 * of about the moment itself may lie on either side of it, by as much as the clocks of servers differ.
 */
create function event_number_from(moment timestamptz) returns bigint language plpgsql stable strict
  set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  begins timestamptz := date_trunc('month', moment, 'UTC');
  ends timestamptz := (begins at time zone 'UTC' + interval '1 month') at time zone 'UTC';
  low bigint;
  high bigint;
  middle bigint;
  line record;
  found_number bigint;
begin
  select min(seq), max(seq) into low, high from event where at >= begins and at < ends;
  while low <= high loop
    middle := low + (high - low) / 2;
    select seq, at into line from event where seq >= middle and at >= begins and at < ends order by seq limit 1;
    if line.at >= moment then
      found_number := line.seq;
      high := middle - 1;
    else
      low := line.seq + 1;
    end if;
  end loop;
  return coalesce(found_number, (select min(seq) from event where at >= ends));
end
$$;

/*
 * Two indexes less for each line. A time is found by halving. A record of a journal is found from one of sixty-four that has
 * its place in an index, since those that continue the chain lie in its order; such as do not have an index of their own.
 * Where there are lines already, the server makes these after its start, while others go on (`event-indexes.ts`).
 */
create index event_record_mark on only event (terminal, epoch, sequence)
 where epoch is not null and sequence % 64 = 1 and not detail ? 'chain';
create index event_record_aside on only event (terminal, epoch, sequence) where epoch is not null and detail ? 'chain';
do $$
declare
  month text;
begin
  if (select last_value from event_seq) > 1 then
    return;
  end if;
  for month in select inhrelid::regclass from pg_inherits where inhparent = 'event'::regclass loop
    execute format('create index %I on %s (terminal, epoch, sequence)
                     where epoch is not null and sequence %% 64 = 1 and not detail ? ''chain''', month || '_record_mark', month);
    execute format('alter index event_record_mark attach partition %I', month || '_record_mark');
    execute format('create index %I on %s (terminal, epoch, sequence)
                     where epoch is not null and detail ? ''chain''', month || '_record_aside', month);
    execute format('alter index event_record_aside attach partition %I', month || '_record_aside');
  end loop;
  drop index event_at, event_record;
end
$$;
