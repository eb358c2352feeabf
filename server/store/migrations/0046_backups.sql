-- Up Migration

-- Where each backup that the log tells of was put, and what has become of it: the server sees none of the files.
create table backup (
  -- `backup.made` of the log.
  event uuid primary key,
  name text not null,
  folder text not null,
  host text not null,
  bytes bigint not null,
  recipient text not null,
  keep integer not null,
  -- The file with the key that opens it, where that lay beside the data.
  key_beside text,
  stored text not null check (stored in ('not-asked', 'stored', 'failed')),
  locked_until timestamptz,
  gone_at timestamptz,
  gone_by text check (gone_by in ('retention', 'somebody')),
  -- The next backup into that folder takes its place.
  goes_next boolean not null
);
