-- Up Migration

-- What a person filters a list by, under a name of their own: as the address of the list has it. It says nothing about
-- anybody's rights, so the log does not tell of it.
create table saved_filter (
  id uuid primary key,
  person uuid not null references person,
  list text not null,
  name text not null,
  filter text not null,
  created_at timestamptz not null,
  unique (person, list, name)
);

-- Lines that were written more than an hour earlier, by the clock, than the line before them: a clock was wrong or was put
-- right. Elsewhere the numbers of lines follow their times, by which a search within a time finds its way.
create table event_seam (
  seq bigint primary key,
  earlier timestamptz not null,
  later timestamptz not null
);
insert into event_seam (seq, earlier, later)
select seq, at, before from (
  select seq, at, lag(at) over (order by seq) as before from event where seq <= (select seq from event_sum_end)
) line where before - at > interval '1 hour';
