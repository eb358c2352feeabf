-- Up Migration

-- Revocations that the database had lost and a terminal brought back, each once.
create table returned_revocation (
  number bigint not null,
  what text not null,
  subject uuid not null,
  at timestamptz not null,
  terminal uuid not null,
  returned_at timestamptz not null,
  -- The number under which it is in force again; null where nothing was left to take away.
  issued bigint references revocation,
  primary key (number, subject, at)
);
