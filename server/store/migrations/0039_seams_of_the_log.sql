-- Up Migration

-- Lines that were written more than an hour earlier, by the clock, than the line before them: a clock was wrong or was put
-- right. Elsewhere the numbers of lines follow their times, by which a search within a time finds its way. There may be one
-- already where the migration of saved filters was run before this was taken out of it.
create table if not exists event_seam (
  seq bigint primary key,
  earlier timestamptz not null,
  later timestamptz not null
);
-- The number of the last line that was looked at for one. The server begins at the first and goes through them by itself:
-- here the log would be walked through while nobody can be revoked.
create table event_seam_end (
  single boolean primary key default true check (single),
  seq bigint not null
);
insert into event_seam_end (seq) values (0);
