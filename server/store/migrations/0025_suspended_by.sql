-- Up Migration

-- A directory may give back what a directory took away, and nothing else: who was suspended here stays so until somebody
-- here brings them back.
alter table person add column suspended_by_directory boolean not null default false;
update person p set suspended_by_directory = true
 where p.state = 'suspended'
   and (select e.actor is null and e.reason = 'directory' from event e
         where e.person = p.id and e.kind in ('person.suspended', 'person.added') order by e.seq desc limit 1);
