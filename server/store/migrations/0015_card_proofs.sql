-- Up Migration

-- Whose certificates on cards are believed. A row is never changed but for its end.
create table card_authority (
  id uuid primary key,
  name text not null,
  -- X.509, DER.
  certificate bytea not null,
  added_at timestamptz not null,
  added_by uuid not null references person,
  removed_at timestamptz,
  removed_by uuid references person
);
create unique index card_authority_listed on card_authority (sha256(certificate)) where removed_at is null;

-- What a card was enrolled with: its certificate and that one's key (SPKI, DER), and who vouched for it then.
alter table card add column certificate bytea;
alter table card add column public_key bytea;
alter table card add column authority uuid references card_authority;
create index card_authority_cards on card (authority) where authority is not null and state = 'active';
-- More than a number was said of cards by terminals until now, and never proved.
update card set assurance = 'identifier' where assurance <> 'identifier';
alter table card add constraint card_pinned check ((assurance = 'pki') = (public_key is not null));

-- Nonces that a card has answered, until they end. Who used it: an attempt, an enrolment step, or a refusal.
create table used_nonce (
  nonce bytea primary key,
  used_by uuid not null,
  expires_at timestamptz not null
);
create index used_nonce_expires on used_nonce (expires_at);

alter table approval drop constraint approval_act_check;
alter table approval add constraint approval_act_check
  check (act in ('first-binding', 'rebinding', 'roles', 'policy', 'emergency-codes', 'card-authorities'));
