-- Up Migration

create table person (
  id uuid primary key,
  number text not null constraint person_number unique,
  name text not null,
  kana text not null default '',
  state text not null default 'active' check (state in ('active', 'suspended')),
  roles text[] not null,
  created_at timestamptz not null,
  changed_at timestamptz not null
);

create table terminal (
  id uuid primary key,
  name text not null,
  place text not null,
  state text not null check (state in ('announced', 'active', 'revoked')),
  announced_at timestamptz not null,
  announced_by uuid references person,
  enrolled_at timestamptz,
  revoked_at timestamptz,
  certificate_serial text,
  certificate_expires_at timestamptz,
  -- Not null while a server process holds its push stream; a process that died leaves it, so last_seen_at decides.
  connected_at timestamptz,
  last_seen_at timestamptz,
  clock_offset_ms double precision
);
create unique index terminal_name on terminal (name) where state <> 'revoked';

create table enrolment_code (
  code_hash bytea primary key,
  terminal uuid not null references terminal,
  created_at timestamptz not null,
  created_by uuid references person,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table card (
  id uuid primary key,
  person uuid not null references person,
  -- HMAC of the canonical identifier; the identifier itself is stored nowhere.
  blind_index bytea not null,
  technology text not null,
  assurance text not null,
  ending text not null,
  label text not null default '',
  state text not null default 'active' check (state in ('active', 'revoked')),
  enrolled_at timestamptz not null,
  enrolled_by uuid references person,
  revoked_at timestamptz,
  revoked_by uuid references person,
  reason text
);
create unique index card_blind_index on card (blind_index) where state <> 'revoked';
create index card_blind_index_all on card (blind_index);
create index card_person on card (person);

create table credential (
  id uuid primary key,
  person uuid not null references person,
  kind text not null check (kind in ('pin', 'totp', 'password')),
  state text not null default 'active' check (state in ('active', 'locked', 'disabled')),
  -- Argon2id string or sealed seed, with the key that made it. Null until the first one is in force.
  secret jsonb,
  -- A new secret that waits for its confirmation.
  pending jsonb,
  pending_until timestamptz,
  last_step bigint,
  failures int not null default 0,
  locked_until timestamptz,
  set_at timestamptz,
  constraint credential_person_kind unique (person, kind)
);

create table attempt (
  id uuid primary key,
  terminal uuid not null references terminal,
  lock_id uuid not null,
  card uuid not null references card,
  person uuid not null references person,
  support_code text not null,
  state text not null default 'open' check (state in ('open', 'accepted', 'refused', 'abandoned')),
  factors text[] not null default '{}',
  started_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index attempt_open on attempt (expires_at) where state = 'open';
create index attempt_terminal on attempt (terminal) where state = 'open';

create table session (
  id uuid primary key,
  attempt uuid not null constraint session_attempt unique references attempt,
  terminal uuid not null references terminal,
  person uuid not null references person,
  card uuid not null references card,
  started_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz,
  end_reason text
);
create index session_open_person on session (person) where ended_at is null;
create index session_open_terminal on session (terminal) where ended_at is null;
create index session_open_card on session (card) where ended_at is null;

create table ceremony (
  id uuid primary key,
  task text not null check (task in ('card', 'pin')),
  person uuid not null references person,
  terminal uuid not null references terminal,
  asked_by uuid not null references person,
  label text not null default '',
  state text not null default 'waiting'
    check (state in ('waiting', 'card-held', 'done', 'failed', 'cancelled', 'expired')),
  problem text,
  card uuid references card,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index ceremony_open on ceremony (terminal) where state in ('waiting', 'card-held');

create table invitation (
  code_hash bytea primary key,
  -- Null: the first admin.
  person uuid references person,
  seed jsonb not null,
  created_at timestamptz not null,
  created_by uuid references person,
  expires_at timestamptz not null,
  failures int not null default 0,
  used_at timestamptz
);

create table console_ticket (
  ticket_hash bytea primary key,
  session uuid not null references session,
  person uuid not null references person,
  terminal uuid not null references terminal,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table console_session (
  id uuid primary key,
  token_hash bytea not null constraint console_session_token unique,
  person uuid not null references person,
  -- The terminal whose window it is, and the session there that it ends with; null in a browser.
  terminal uuid references terminal,
  session uuid references session,
  csrf text not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz
);
create index console_session_person on console_session (person) where ended_at is null;
create index console_session_session on console_session (session) where ended_at is null;

create table revocation (
  -- Without gaps and in the order of commits: a terminal asks for all after the last that it knows.
  number bigint primary key,
  what text not null check (what in ('card', 'person', 'session', 'terminal')),
  subject uuid not null,
  person uuid references person,
  reason text not null,
  by uuid references person,
  at timestamptz not null
);

create table receipt (
  revocation bigint not null references revocation,
  terminal uuid not null references terminal,
  received_at timestamptz not null,
  locked_at timestamptz,
  signature text not null,
  stored_at timestamptz not null,
  primary key (revocation, terminal)
);

-- No foreign keys: a line of the log says what was so at its time, and outlives what it names.
create table event (
  seq bigint generated always as identity primary key,
  id uuid not null constraint event_id unique,
  at timestamptz not null,
  happened_at timestamptz,
  kind text not null,
  outcome text not null check (outcome in ('success', 'minor', 'serious', 'major')),
  person uuid,
  actor uuid,
  terminal uuid,
  card uuid,
  attempt uuid,
  session uuid,
  ceremony uuid,
  factors text[] not null default '{}',
  reason text,
  support_code text,
  detail jsonb not null default '{}',
  epoch uuid,
  sequence bigint,
  previous text,
  hash text,
  constraint event_record unique (terminal, epoch, sequence)
);
create index event_person on event (person, seq desc) where person is not null;
create index event_actor on event (actor, seq desc) where actor is not null;
create index event_terminal on event (terminal, seq desc) where terminal is not null;
create index event_kind on event (kind, seq desc);
create index event_support_code on event (support_code, seq desc) where support_code is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the log is only added to';
end
$$;
create trigger event_only_added_to before update or delete or truncate on event
  for each statement execute function refuse_change();
