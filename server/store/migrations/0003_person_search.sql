-- Up Migration

-- Number, name and kana as they are searched, one a line: folded by the server, since not every locale of a database can.
alter table person add column search text not null default '';
update person set search = lower(number || e'\n' || name || e'\n' || kana);
