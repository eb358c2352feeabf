-- Up Migration

-- Sessions that a terminal opened without the server and told of afterwards; what its journal says of them names them.
create table offline_session (
  id uuid primary key,
  terminal uuid not null references terminal,
  person uuid not null references person,
  stored_at timestamptz not null
);
create index offline_session_stored on offline_session (stored_at);
