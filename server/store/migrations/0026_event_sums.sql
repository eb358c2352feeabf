-- Up Migration

/*
 * How often what happened in an hour, by place and by roles of the person as they were when it was counted. Who looks at
 * a day or at a year reads some thousand rows of it and not the log. Counted by number, each line once, a moment after it
 * was written; the server says which kinds. A month of the log may be dropped: these rows name nobody and stay.
 */
create table event_sum (
  hour timestamptz not null,
  kind text not null,
  reason text not null,
  place text not null,
  roles text[] not null,
  lines bigint not null,
  primary key (hour, kind, reason, place, roles)
);
-- The number of the last line that was counted.
create table event_sum_end (
  single boolean primary key default true check (single),
  seq bigint not null
);
insert into event_sum_end (seq) values (0);
