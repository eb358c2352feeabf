-- Up Migration

-- When a terminal's newest certificate was issued: after a restore a terminal may come with a later one than the backup knows.
alter table terminal add column certificate_issued_at timestamptz;
-- All that were issued until now were for seven days.
update terminal set certificate_issued_at = certificate_expires_at - interval '7 days';
