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
