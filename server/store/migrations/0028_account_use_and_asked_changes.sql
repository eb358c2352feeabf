-- Up Migration

-- When somebody and their cards were last used, by the log up to a number; what the log says above it is read with it. It
-- stays when the months are dropped that said so.
create table account_use (
  what text not null check (what in ('person', 'card')),
  id uuid not null,
  at timestamptz not null,
  terminal uuid,
  primary key (what, id)
);
create table account_use_until (
  only_row boolean primary key default true check (only_row),
  seq bigint not null
);
insert into account_use_until (seq) values (0);

-- What a second person agrees to when they agree to a policy, value by value: as text it says little to them.
alter table approval add column changes json;
