-- Up Migration

/*
 * The record up to which every one of a journal is stored and continues the chain. It says so only where it is the head: a server of
 * the version before moves the head alone. Null of journals from before, and where one was lacking or wrong.
 */
alter table journal_head add column whole_to bigint;
