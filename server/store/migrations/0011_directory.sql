-- Up Migration

-- What a directory keeps of a person besides: its own identifier and the parts of the name as it gave them.
alter table person add column external_id text;
alter table person add column family_name text;
alter table person add column given_name text;
-- When a directory took the person away. The row stays for the log; the number is free for somebody else.
alter table person add column left_at timestamptz;
-- Numbers are compared without case: whoever types or sends n1 means N1.
alter table person drop constraint person_number;
create unique index person_number on person (lower(number)) where left_at is null;
create index person_external_id on person (external_id) where external_id is not null;

create table directory_client (
  id uuid primary key,
  name text not null,
  token_hash bytea not null,
  created_at timestamptz not null,
  created_by uuid not null references person,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid references person
);
create unique index directory_client_name on directory_client (lower(name)) where revoked_at is null;

create table directory_group (
  id uuid primary key,
  display_name text not null,
  external_id text,
  -- Given by an admin. Null: the group means nothing here.
  role text check (role in ('clinician', 'helpdesk', 'admin', 'auditor', 'operator')),
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index directory_group_name on directory_group (lower(display_name));

create table directory_member (
  "group" uuid not null references directory_group on delete cascade,
  person uuid not null references person,
  primary key ("group", person)
);
create index directory_member_person on directory_member (person);
