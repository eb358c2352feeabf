-- Up Migration

-- A card is held so that helpdesk finds its person; nobody is chosen before.
alter table ceremony drop constraint ceremony_task_check;
alter table ceremony add constraint ceremony_task_check check (task in ('card', 'pin', 'loan-card', 'find'));
alter table ceremony drop constraint ceremony_of_somebody;
alter table ceremony add constraint ceremony_of_somebody check ((person is null) = (task in ('loan-card', 'find')));
