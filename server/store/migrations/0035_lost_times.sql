-- Up Migration

-- From when on the database of this incarnation has nothing of what the one before it knew; null where that is not known.
-- Terminals bring back what they have of that time, and name people and sessions of which nothing is here.
alter table server_incarnation add column lost_from timestamptz;
