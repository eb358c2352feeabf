-- Up Migration

-- A proof that is sent again because its answer was lost is known by a mark. What it says about the proof nobody can find
-- out without the terminal's key, which is stored nowhere.
-- Of the try that was counted last and has not been right yet.
alter table credential add column counted_mark bytea;
-- Of the proof that was answered last, and the answer; null: a session, or what an older server answered.
alter table attempt add column proof_mark bytea;
alter table attempt add column proof_answer jsonb;
