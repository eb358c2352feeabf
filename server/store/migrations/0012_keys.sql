-- Up Migration

-- A key is made, put in use, known by everybody to be so, and retired; the mark of a retired one stays, so that its number
-- is not taken again.
alter table key_mark add column made_at timestamptz, add column used_at timestamptz, add column settled_at timestamptz,
  add column retired_at timestamptz;
-- When was not written down before; not later than now.
update key_mark set made_at = now(), used_at = now(), settled_at = now();
alter table key_mark alter column made_at set not null;

-- A running process of the server, and in what state it holds the keys.
create table key_holder (
  id uuid primary key,
  host text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  version text not null
);

alter table terminal
  -- The authority that signed its certificate.
  add column certificate_authority int,
  -- SHA-256 of the public key (SPKI, DER) of its newest certificate. Null: enrolled before this was kept; any key of a
  -- certificate in its name is taken until its next renewal.
  add column certificate_key bytea,
  -- The key before that, until the newest one was first used.
  add column previous_key bytea,
  -- The version of authorities and grant keys that it keeps.
  add column trust_version text;
update terminal set certificate_authority = 1 where certificate_serial is not null;
