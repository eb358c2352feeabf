-- Up Migration

-- Between the reading of the newest number and the reading of the locks others draw: a lock that they take then is on a
-- number above the newest one that was read, and holds back nothing below it. It was taken for one of two thousand million
-- numbers ago, and for that moment the log looked empty.
create or replace function settled_event_seq() returns bigint language plpgsql as $$
declare
  newest bigint;
  keys constant bigint := 2147483647;
  behind bigint;
begin
  select last_value into newest from event_seq;
  select max(distance) into behind
    from (select (newest % keys - objid::bigint + keys) % keys as distance from pg_locks
           where locktype = 'advisory' and classid = 5411003 and objsubid = 2
             and database = (select oid from pg_database where datname = current_database())) held
   where distance < keys / 2;
  return newest - coalesce(behind, 0);
end
$$;
