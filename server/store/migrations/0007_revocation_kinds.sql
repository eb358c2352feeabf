-- Up Migration

alter table revocation drop constraint revocation_what_check;
alter table revocation add constraint revocation_what_check
  check (what in ('card', 'credential', 'person', 'session', 'terminal'));
