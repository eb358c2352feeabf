-- Up Migration

-- A loan card belongs to the hospital: who has it is said by the substitute in force.
alter table card add column kind text not null default 'own' check (kind in ('own', 'loan'));
alter table card alter column person drop not null;
alter table card add constraint card_of_somebody check ((kind = 'loan') = (person is null));
create index card_loan on card (label) where kind = 'loan';
-- Suspended because it was left at home: it comes back by itself once it is used with the right second factor.
alter table card add column forgotten boolean not null default false;

alter table ceremony alter column person drop not null;
alter table ceremony drop constraint ceremony_task_check;
alter table ceremony add constraint ceremony_task_check check (task in ('card', 'pin', 'loan-card'));
alter table ceremony add constraint ceremony_of_somebody check ((person is null) = (task = 'loan-card'));

-- What stands for somebody's card for a while.
create table substitute (
  id uuid primary key,
  person uuid not null references person,
  kind text not null check (kind in ('loan-card', 'code')),
  card uuid references card,
  -- HMAC of the code under a key of the server; the code itself is stored nowhere.
  code_index bytea,
  cause text not null check (cause in ('forgotten', 'lost')),
  -- How it was checked who asked for it.
  identity text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  uses int not null default 0,
  most_uses int not null,
  fewer_rights boolean not null,
  issued_at timestamptz not null,
  issued_by uuid not null references person,
  ended_at timestamptz,
  end_reason text,
  ended_by uuid references person,
  check ((kind = 'loan-card') = (card is not null) and (kind = 'code') = (code_index is not null)),
  check (ends_at > starts_at and uses between 0 and most_uses),
  check ((ended_at is null) = (end_reason is null))
);
create unique index substitute_of_person on substitute (person) where ended_at is null;
create unique index substitute_of_card on substitute (card) where ended_at is null;
create index substitute_card on substitute (card, issued_at desc) where card is not null;
create index substitute_newest on substitute (person, issued_at desc);
create unique index substitute_code on substitute (code_index);

-- Neither a code nor an emergency has a card.
alter table attempt alter column card drop not null;
alter table session alter column card drop not null;
alter table session add column substitute uuid references substitute;
create index session_substitute on session (substitute) where ended_at is null and substitute is not null;
-- Whoever is logged in has the rights of a clinician alone, here and in the console of this terminal.
alter table session add column fewer_rights boolean not null default false;

-- Wrong or unfinished codes in a row at a terminal, on all server processes together.
create table code_tries (
  terminal uuid not null references terminal,
  kind text not null check (kind in ('substitute', 'emergency')),
  failures int not null,
  last_at timestamptz not null,
  primary key (terminal, kind)
);

create table emergency_batch (
  id uuid primary key,
  number int generated always as identity constraint emergency_batch_number unique,
  group_name text not null,
  note text not null default '',
  made_at timestamptz not null,
  made_by uuid not null references person,
  approved_by uuid references person
);
create table emergency_code (
  id uuid primary key,
  batch uuid not null references emergency_batch,
  place int not null,
  -- HMAC of the code under a key of the server; the code itself is on paper alone.
  code_index bytea not null constraint emergency_code_index unique,
  used_at timestamptz,
  used_by uuid references person,
  voided_at timestamptz,
  voided_by uuid references person,
  constraint emergency_code_place unique (batch, place),
  check (used_at is null or voided_at is null)
);

-- Every emergency, until somebody has signed it off and afterwards. Sessions and attempts may be gone by then.
create table emergency_use (
  id uuid primary key,
  means text not null check (means in ('code', 'witness')),
  code uuid constraint emergency_use_code unique references emergency_code,
  witness uuid references person,
  person uuid not null references person,
  terminal uuid not null references terminal,
  session uuid not null constraint emergency_use_session unique,
  reason text not null,
  at timestamptz not null,
  support_code text not null,
  reviewed_at timestamptz,
  reviewed_by uuid references person,
  verdict text check (verdict in ('in-order', 'misuse')),
  findings text not null default '',
  check ((means = 'code') = (code is not null) and (means = 'witness') = (witness is not null)),
  check ((reviewed_at is null) = (verdict is null) and (reviewed_at is null) = (reviewed_by is null)),
  check (reviewed_by is distinct from person and (reviewed_by is null or reviewed_by is distinct from witness))
);
create index emergency_use_waiting on emergency_use (at) where reviewed_at is null;

-- Staff numbers by the digits in them, as a keypad gives them.
create index person_digits on person (regexp_replace(number, '[^0-9]', '', 'g'));
