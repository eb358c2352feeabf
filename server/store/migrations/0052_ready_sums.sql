-- Up Migration

/*
 * How often a desktop was there so soon after the card, in whole hours and in whole days of UTC: a report of a month reads
 * some thousand rows of it and not every opening. `ready`: all of it; `machine`: of it what the person did not read or
 * type. Milliseconds, rounded to two digits. As with `event_sum`, a month of the log may be dropped: these rows stay.
 */
create table ready_sum (
  span text not null check (span in ('hour', 'day')),
  begins timestamptz not null,
  measure text not null check (measure in ('ready', 'machine')),
  milliseconds integer not null,
  openings bigint not null,
  primary key (span, begins, measure, milliseconds)
);
-- The number of the last line that was counted. The server begins at the first and goes through them by itself: here the
-- log would be walked through while nobody can be revoked.
create table ready_sum_end (
  single boolean primary key default true check (single),
  seq bigint not null
);
insert into ready_sum_end (seq) values (0);
