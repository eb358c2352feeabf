-- Up Migration

-- From one restore to the next a server is one incarnation. Its name is the origin of its checkpoints.
create table server_incarnation (
  number integer primary key,
  id uuid not null unique,
  began_at timestamptz not null,
  reason text not null check (reason in ('new', 'restored', 'rolled-back')),
  -- Lines of the log that it took over from the one before.
  size bigint not null
);
insert into server_incarnation (number, id, began_at, reason, size) values (1, gen_random_uuid(), now(), 'new', 0);

/*
 * The Merkle tree over the log (RFC 6962): a line's position in it is its rank by number. Hashes stay when the month of
 * their lines is dropped. A tile holds 256 of them, those of lines on level 0, roots of tiles below it on the others.
 */
create table log_tile (
  level smallint not null,
  number bigint not null,
  -- Of level 0 alone: numbers of its lines.
  seqs bigint[],
  hashes bytea not null,
  primary key (level, number)
);
alter table log_tile alter column hashes set storage external;
create index log_tile_seqs on log_tile ((seqs[1])) where level = 0;
-- Those that do not fill a tile yet.
create table log_leaf (
  position bigint primary key,
  seq bigint not null,
  hash bytea not null
);

create table log_checkpoint (
  incarnation integer not null references server_incarnation,
  size bigint not null,
  at timestamptz not null,
  root bytea not null,
  note text not null,
  primary key (size, incarnation)
);

-- Every key that ever signed checkpoints, by the name of its log, and the word of the key before it.
create table log_key (
  number integer generated always as identity primary key,
  key text not null unique,
  endorsement text
);
