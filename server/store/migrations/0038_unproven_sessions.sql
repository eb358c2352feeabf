-- Up Migration

-- Sessions without the server of which nothing but the word of a terminal is known, because the database was put back.
alter table offline_session add column unproven boolean not null default false;
