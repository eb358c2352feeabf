-- Up Migration

-- The newest version is in force. Without one, the profile's own values are.
create table policy_version (
  number int primary key,
  document jsonb not null,
  note text not null default '',
  at timestamptz not null,
  by uuid references person
);

-- What a rule of the policy may name.
alter table terminal add column group_name text not null default '';

-- Disabled: too many wrong tries were made with it; enrolled anew it is active again.
alter table card drop constraint card_state_check;
alter table card add constraint card_state_check check (state in ('active', 'suspended', 'disabled', 'revoked'));

-- A single-use secret with which a person chooses their first PIN.
alter table credential drop constraint credential_kind_check;
alter table credential add constraint credential_kind_check check (kind in ('pin', 'totp', 'password', 'initial'));
alter table credential add column expires_at timestamptz;

-- An attempt is written when its first proof comes, or a moment after the tap: several of one terminal may look open.
drop index attempt_terminal;
create index attempt_terminal on attempt (terminal) where state = 'open';
alter table attempt add column proved text[] not null default '{}';
alter table attempt add column assurance text not null default 'identifier';
alter table attempt add column address text not null default '';
create index attempt_started on attempt (started_at);

alter table session add column token_hash bytea;
alter table session add column active_at timestamptz;
alter table session add column opened_by text not null default 'factors'
  check (opened_by in ('factors', 'grace', 'substitute', 'emergency', 'witness'));
-- When the two factors were shown that a period of grace goes on from.
alter table session add column grace_from timestamptz;
create index session_terminal on session (terminal, started_at desc);
