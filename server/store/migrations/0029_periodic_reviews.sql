-- Up Migration

-- What an auditor looked at for a period, and their word on it.
create table periodic_review (
  id uuid primary key,
  number int generated always as identity constraint periodic_review_number unique,
  from_at timestamptz not null,
  until_at timestamptz not null,
  taken_at timestamptz not null,
  taken_by uuid not null references person,
  -- As it was shown, character by character: its digest is in the log.
  snapshot text not null,
  digest text not null,
  dropped_at timestamptz,
  signed_at timestamptz,
  signed_by uuid references person,
  verdict text check (verdict in ('in-order', 'follow-up')),
  findings text not null default '',
  next date,
  check (until_at > from_at),
  check (signed_at is null or dropped_at is null),
  check ((signed_at is null) = (signed_by is null) and (signed_at is null) = (verdict is null)
    and (signed_at is null) = (next is null))
);
create unique index periodic_review_open on periodic_review ((true)) where signed_at is null and dropped_at is null;

-- What was looked at, and the word on it, are never changed.
create function keep_periodic_review() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.signed_at is not null or old.dropped_at is not null
    or (new.id, new.from_at, new.until_at, new.taken_at, new.taken_by, new.snapshot, new.digest)
       is distinct from (old.id, old.from_at, old.until_at, old.taken_at, old.taken_by, old.snapshot, old.digest) then
    raise exception 'a review is kept as it was taken and signed';
  end if;
  return new;
end
$$;
create trigger periodic_review_kept before update or delete on periodic_review
  for each row execute function keep_periodic_review();
