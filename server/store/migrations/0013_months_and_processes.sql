-- Up Migration

-- The log by month (UTC) of the server's time, so that a month that is no longer kept goes as a whole.
alter table event alter column seq drop identity;
alter table event rename to event_before;
alter table event_before rename constraint event_outcome_check to event_outcome;
drop index event_person, event_actor, event_terminal, event_kind, event_support_code;
alter table event_before drop constraint event_pkey, drop constraint event_id, drop constraint event_record;

-- A number is never drawn twice, and says in which order lines were written. The first value is not used.
create sequence event_seq;
select setval('event_seq', (select coalesce(max(seq), 1) from event_before));

/*
 * A number is drawn before its transaction commits, so a later number can be seen before an earlier one. Who draws says so
 * first, once for each transaction, by a lock on the last number drawn before; who reads stops before the earliest number
 * that may still come.
 */
create function next_event_seq() returns bigint language plpgsql as $$
begin
  if current_setting('kazasu.draws', true) is distinct from pg_current_xact_id()::text then
    perform pg_advisory_xact_lock_shared(5411003, (last_value % 2147483647)::int) from event_seq;
    perform set_config('kazasu.draws', pg_current_xact_id()::text, true);
  end if;
  return nextval('event_seq');
end
$$;
create function settled_event_seq() returns bigint language plpgsql as $$
declare
  newest bigint;
  keys constant bigint := 2147483647;
  behind bigint;
begin
  select last_value into newest from event_seq;
  select max((newest % keys - objid::bigint + keys) % keys) into behind from pg_locks
   where locktype = 'advisory' and classid = 5411003 and objsubid = 2
     and database = (select oid from pg_database where datname = current_database());
  return newest - coalesce(behind, 0);
end
$$;

-- No foreign keys: a line of the log says what was so at its time, and outlives what it names.
create table event (
  seq bigint not null default next_event_seq(),
  id uuid not null,
  at timestamptz not null,
  happened_at timestamptz,
  kind text not null,
  outcome text not null constraint event_outcome check (outcome in ('success', 'minor', 'serious', 'major')),
  person uuid,
  actor uuid,
  terminal uuid,
  card uuid,
  attempt uuid,
  session uuid,
  ceremony uuid,
  factors text[] not null default '{}',
  reason text,
  support_code text,
  detail jsonb not null default '{}',
  epoch uuid,
  sequence bigint,
  previous text,
  hash text,
  primary key (seq, at),
  -- `at` is the time in `id` (UUID version 7), so an id is unique over all months.
  constraint event_id unique (id, at)
) partition by range (at);
create index event_person on event (person, seq desc) where person is not null;
create index event_actor on event (actor, seq desc) where actor is not null;
create index event_terminal on event (terminal, seq desc) where terminal is not null;
create index event_kind on event (kind, seq desc);
create index event_support_code on event (support_code, seq desc) where support_code is not null;
-- Stored once by `journal_head` and the lock on the terminal: an index over all months cannot be unique without `at`.
create index event_record on event (terminal, epoch, sequence) where epoch is not null;

-- The newest record of each journal of a terminal; read and written under the lock of the terminal's row.
create table journal_head (
  terminal uuid not null,
  epoch uuid not null,
  sequence bigint not null,
  hash text not null,
  -- When the first of its records was stored: no month before it holds any.
  began_at timestamptz not null,
  primary key (terminal, epoch)
);
insert into journal_head (terminal, epoch, sequence, hash, began_at)
select distinct on (terminal, epoch) terminal, epoch, sequence, hash, min(at) over (partition by terminal, epoch)
from event_before where epoch is not null order by terminal, epoch, sequence desc;

create trigger event_only_added_to before update or delete or truncate on event
  for each statement execute function refuse_change();

-- A statement on a month alone would pass by the trigger of the whole.
create function guard_event_month(month text) returns void language plpgsql as $$
begin
  execute format('create trigger event_only_added_to before update or delete or truncate on %I
                    for each statement execute function refuse_change()', month);
end
$$;

-- What fits no month: the net below the keeper that opens them ahead.
create table event_default partition of event default;
select guard_event_month('event_default');

create view event_month as
select child.relname::text as name,
       (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz as begins_at,
       (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends_at
from pg_inherits join pg_class child on child.oid = inhrelid
where inhparent = 'event'::regclass and pg_get_expr(child.relpartbound, child.oid) <> 'DEFAULT';

-- Opens the month in which `inside` lies; false when it is open. What had fallen into the net moves there.
create function open_event_month(inside timestamptz) returns boolean language plpgsql as $$
declare
  begins timestamptz := date_trunc('month', inside at time zone 'UTC') at time zone 'UTC';
  ends timestamptz := (date_trunc('month', inside at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  month text := 'event_' || to_char(inside at time zone 'UTC', 'YYYY_MM');
begin
  if exists (select from event_month where coalesce(begins_at, '-infinity') <= inside and inside < ends_at) then
    return false;
  end if;
  execute format('create table %I (like event including defaults including constraints)', month);
  if exists (select from event_default where at >= begins and at < ends) then
    alter table event detach partition event_default;
    alter table event_default rename to event_net;
    execute format('insert into %I select * from event_net where at >= %L and at < %L', month, begins, ends);
    create table event_default (like event including defaults including constraints);
    insert into event_default select * from event_net where at < begins or at >= ends;
    drop table event_net;
    alter table event attach partition event_default default;
    perform guard_event_month('event_default');
  end if;
  execute format('alter table event attach partition %I for values from (%L) to (%L)', month, begins, ends);
  perform guard_event_month(month);
  return true;
end
$$;

-- A month goes as a whole or not at all, and only one of which no day is kept.
create function drop_event_month(month text, kept_from timestamptz) returns void language plpgsql as $$
begin
  if not exists (select from event_month where name = month and ends_at <= kept_from) then
    raise exception 'the month % is kept', month;
  end if;
  execute format('drop table %I', month);
end
$$;

-- What was written before is one long month; nothing is copied.
do $$
declare
  ends timestamptz := (date_trunc('month', greatest(now(), (select max(at) from event_before)) at time zone 'UTC')
                       + interval '1 month') at time zone 'UTC';
begin
  if exists (select from event_before) then
    execute format('alter table event attach partition event_before for values from (minvalue) to (%L)', ends);
  else
    drop table event_before;
  end if;
  for ahead in 0..2 loop
    perform open_event_month(now() + ahead * interval '1 month');
  end loop;
end
$$;

-- Sessions and attempts that are long over are removed; what points to them must be found.
create index console_ticket_session on console_ticket (session);
create index console_session_session_all on console_session (session) where session is not null;

-- A server process that runs; which of them holds a terminal's stream.
create table server_process (
  id uuid primary key,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
alter table terminal add column connected_to uuid;
create index ceremony_terminal on ceremony (terminal, created_at desc);
