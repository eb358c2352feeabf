-- Up Migration

-- The last record of each journal that its terminal signed for, with the signature and the key (SPKI, DER): the hash of a
-- record has all before it in it, so the newest signature vouches for the whole chain.
alter table journal_head add column signed_sequence bigint;
alter table journal_head add column signed_hash text;
alter table journal_head add column signature text;
alter table journal_head add column signed_by bytea;
