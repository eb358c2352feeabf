import type { Account, AccountFilter, AccountFinding } from '#contract/api/accounts.ts';
import { foldForSearch } from '#core/policy/text.ts';
import { lastUse } from './account-use.ts';
import type { Transaction } from './database.ts';

interface Page {
  readonly limit: number;
  readonly offset: number;
}

export interface Accounts {
  readonly counts: Partial<Record<AccountFinding, number>>;
  readonly everybody: number;
  readonly total: number;
  readonly accounts: Account[];
}

/** Everybody with what there is to look at. `$1`: from when on something counts as used lately. */
const accounts = `
  with used as materialized (${lastUse}),
  cards as (
    select c.person, count(*)::int as cards,
           (count(*) filter (where coalesce(u.at, c.enrolled_at) < $1))::int as unused
      from card c left join used u on u.what = 'card' and u.id = c.id
     where c.state = 'active' and c.person is not null group by c.person),
  factors as (
    select person, array_agg(distinct kind order by kind) as factors from (
      select person, kind from credential
       where kind in ('pin', 'totp', 'password') and set_at is not null and state <> 'disabled'
      union all select person, 'passkey' from passkey where removed_at is null) f
     group by person),
  emergencies as (select distinct person from emergency_use where at >= $1),
  facts as (
    select p.id, p.number, p.name, p.kana, p.search, p.roles, p.created_at, p.left_at, u.at as used_at,
           t.name as used_terminal, coalesce(c.cards, 0) as cards, coalesce(c.unused, 0) as unused,
           coalesce(f.factors, '{}') as factors, e.person is not null as emergency,
           case when p.left_at is not null then 'left' else p.state end as state
      from person p
      left join used u on u.what = 'person' and u.id = p.id
      left join terminal t on t.id = u.terminal
      left join cards c on c.person = p.id
      left join factors f on f.person = p.id
      left join emergencies e on e.person = p.id),
  account as materialized (
    select facts.*, array_remove(array[
      case when state = 'active' and coalesce(used_at, created_at) < $1 then 'unused' end,
      case when state = 'left' then 'left' end,
      case when state = 'suspended' then 'suspended' end,
      case when state = 'left' and cards > 0 then 'left-with-card' end,
      case when state = 'active' and case when 'clinician' = any(roles) then not factors && '{pin,totp}'
                else cardinality(factors) = 0 end then 'no-factor' end,
      case when state = 'active' and 'clinician' = any(roles) and cards = 0 then 'no-card' end,
      case when unused > 0 and state = 'active' then 'card-unused' end,
      case when state <> 'left' and roles && '{helpdesk,admin,auditor,operator}' then 'privileged' end,
      case when state <> 'left' and 'operator' = any(roles) then 'maintenance' end,
      case when emergency then 'emergency' end], null) as findings
      from facts)`;

const sorts: Readonly<Record<AccountFilter['sort'], string>> = {
  'last-used': 'used_at',
  name: `(case when kana = '' then name else kana end)`,
  number: 'number',
  added: 'created_at',
  state: 'state',
};

const shown = `json_build_object('id', id, 'number', number, 'name', name, 'kana', kana, 'state', state, 'roles', roles,
  'addedAt', created_at, 'leftAt', left_at, 'lastUsedAt', used_at, 'lastUsedAtTerminal', used_terminal, 'cards', cards,
  'unusedCards', unused, 'factors', factors, 'findings', findings)`;

interface Row extends Omit<Accounts, 'accounts'> {
  readonly accounts: Account[] | null;
}
const toInstant = (text: string | null): string | null => (text === null ? null : new Date(text).toISOString());

/** What was not used for so long counts as unused. */
export const unusedSince = (now: Date, days: number): Date => new Date(now.getTime() - days * 86_400_000);

/** A page of the accounts that a filter leaves; those that were never used come before the others. */
export const listAccounts = async (
  tx: Transaction,
  now: Date,
  { finding, role, search, days, sort, order }: AccountFilter,
  { limit, offset }: Page,
): Promise<Accounts> => {
  const [direction, nulls] = order === 'rising' ? ['asc', 'first'] : ['desc', 'last'];
  const by = `${sorts[sort]} ${direction} nulls ${nulls}, number, id`;
  const [row] = await tx.query<Row>(
    `${accounts},
     filtered as (
       select * from account where ($2::text is null or $2 = any(findings)) and ($3::text is null or $3 = any(roles))
          and ($4 = '' or position($4 in search) > 0))
     select coalesce((select json_object_agg(finding, number) from
              (select finding, count(*)::int as number from account, unnest(findings) finding group by finding) f),
              '{}') as counts,
            (select count(*)::int from account) as everybody, (select count(*)::int from filtered) as total,
            (select json_agg(${shown} order by ${by}) from (select * from filtered order by ${by} limit $5 offset $6) page)
              as accounts`,
    [unusedSince(now, days), finding ?? null, role ?? null, foldForSearch(search), limit, offset],
  );
  if (row === undefined) throw new Error('no row of accounts');
  return {
    ...row,
    accounts: (row.accounts ?? []).map((account) => ({
      ...account,
      addedAt: new Date(account.addedAt).toISOString(),
      leftAt: toInstant(account.leftAt),
      lastUsedAt: toInstant(account.lastUsedAt),
    })),
  };
};

/** Sealed codes that were made and not voided. */
export const countEmergencyCodes = async (tx: Transaction): Promise<{ unused: number; used: number }> => {
  const [row] = await tx.query<{ unused: number; used: number }>(
    `select (count(*) filter (where used_at is null and voided_at is null))::int as unused,
            (count(*) filter (where used_at is not null))::int as used from emergency_code`,
  );
  return row ?? { unused: 0, used: 0 };
};
