-- Up Migration

-- A terminal can be put out of use for a while and taken back: it keeps its certificate and its place.
alter table terminal drop constraint terminal_state_check;
alter table terminal add constraint terminal_state_check check (state in ('announced', 'active', 'disabled', 'revoked'));
alter table terminal add column disabled_at timestamptz;
alter table terminal add column disabled_by uuid references person;
alter table terminal add column disabled_reason text;
-- Of a terminal that may be taken back.
alter table revocation add column for_now boolean not null default false;
