-- Up Migration

-- One terminal has one open attempt, one open session and one open enrolment step.
drop index attempt_terminal;
create unique index attempt_terminal on attempt (terminal) where state = 'open';
drop index session_open_terminal;
create unique index session_open_terminal on session (terminal) where ended_at is null;
drop index ceremony_open;
create unique index ceremony_open on ceremony (terminal) where state in ('waiting', 'card-held');

create index session_ends on session (ends_at) where ended_at is null;
