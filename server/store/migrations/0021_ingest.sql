-- Up Migration

-- Numbers for many lines that are written together, in their order; the first is drawn as any other.
create function next_event_seqs(many integer) returns bigint[] language plpgsql as $$
declare
  first bigint := next_event_seq();
begin
  return first || array(select nextval('event_seq') from generate_series(2, many));
end
$$;

/*
 * Every index on the log is paid for with every line. Numbers only grow, so an index that rises with them is filled page
 * by page; read backwards it serves those who want the newest first. An id has its time in it, and lines that were written
 * together have one time: an index over the time finds it and is hardly ever touched in the middle.
 */
drop index event_person, event_actor, event_terminal, event_kind, event_support_code;
create index event_person on event (person, seq) where person is not null;
create index event_actor on event (actor, seq) where actor is not null;
create index event_terminal on event (terminal, seq) where terminal is not null;
create index event_kind on event (kind, seq);
create index event_support_code on event (support_code, seq) where support_code is not null;
alter table event drop constraint event_id;
create index event_at on event (at);
