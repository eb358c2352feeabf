-- Up Migration

-- Revocations of an incarnation are numbered from here on: terminals may have seen more of them than a backup knows.
alter table server_incarnation add column revocations_from bigint not null default 0;
