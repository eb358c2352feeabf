-- Up Migration

create table passkey (
  id uuid primary key,
  person uuid not null references person,
  -- As the authenticator names it. Never given to anybody again, also after it was removed.
  credential_id bytea not null constraint passkey_credential_id unique,
  -- COSE_Key (RFC 9052, 7).
  public_key bytea not null,
  counter bigint not null,
  synced boolean not null,
  transports text[] not null default '{}',
  label text not null,
  enrolled_at timestamptz not null,
  last_used_at timestamptz,
  removed_at timestamptz,
  removed_by uuid references person
);
create index passkey_person on passkey (person) where removed_at is null;

-- A challenge goes when it is answered, whatever the answer was worth.
create table passkey_challenge (
  challenge_hash bytea primary key,
  purpose text not null check (purpose in ('sign-in', 'proof', 'enrolment')),
  -- Whose it is, and in which session; null at the sign-in.
  person uuid references person,
  session uuid references console_session,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  check ((purpose = 'sign-in') = (person is null) and (person is null) = (session is null))
);
create index passkey_challenge_expires on passkey_challenge (expires_at);

alter table console_session
  -- The passkey that opened it.
  add column passkey uuid references passkey,
  -- When the person last proved themself by a passkey in it.
  add column passkey_used_at timestamptz;
create index console_session_passkey on console_session (passkey) where ended_at is null;
