-- Up Migration

-- An act that somebody asked for and that a second person has to approve before it takes effect.
create table approval (
  id uuid primary key,
  act text not null check (act in ('first-binding', 'rebinding', 'roles', 'policy', 'emergency-codes')),
  call text not null,
  subject uuid references person,
  -- SHA-256 of exactly what was asked for: an approval of one thing approves no other.
  digest bytea not null,
  -- What it is, in a few words, for who has to decide.
  about text not null default '',
  state text not null default 'waiting' check (state in ('waiting', 'given', 'refused', 'withdrawn', 'used', 'expired')),
  asked_by uuid not null references person,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  decided_by uuid references person,
  decided_at timestamptz,
  reason text not null default '',
  used_at timestamptz
);
create unique index approval_open on approval (asked_by, digest) where state in ('waiting', 'given');
create index approval_newest on approval (asked_at desc);
