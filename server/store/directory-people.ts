import type { PersonSummary } from '#contract/api/people.ts';
import type { PersonId } from '#contract/ids.ts';
import type { UserFacts } from '#core/scim/user.ts';
import type { Transaction } from './database.ts';
import { searchTextOf } from './people.ts';
import type { Condition } from './scim-query.ts';
import { createUuid } from './uuid.ts';

/** A person as a directory sees one. */
export interface DirectoryPerson extends PersonSummary {
  readonly externalId: string | null;
  readonly familyName: string | null;
  readonly givenName: string | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** It was a directory that suspended them, and nobody here since. */
  readonly suspendedByDirectory: boolean;
  readonly groups: readonly { readonly value: string; readonly display: string }[];
}

const columns = `p.id, p.number, p.name, p.kana, p.state, p.roles, p.external_id as "externalId",
  p.family_name as "familyName", p.given_name as "givenName", p.created_at as "createdAt", p.changed_at as "changedAt", p.suspended_by_directory as "suspendedByDirectory",
  (select coalesce(json_agg(json_build_object('value', g.id, 'display', g.display_name) order by g.id), '[]')
     from directory_member m join directory_group g on g.id = m."group" where m.person = p.id) as groups`;

export const tryGetUser = async (tx: Transaction, id: PersonId): Promise<DirectoryPerson | undefined> => {
  const [row] = await tx.query<DirectoryPerson>(
    `select ${columns} from person p where p.id = $1 and p.left_at is null`,
    [id],
  );
  return row;
};

/** Held until the transaction ends. */
export const tryLockUser = async (tx: Transaction, id: PersonId): Promise<DirectoryPerson | undefined> => {
  await tx.query('select 1 from person where id = $1 for no key update', [id]);
  return tryGetUser(tx, id);
};

export interface Page {
  readonly sort: string;
  /** How many are passed over. */
  readonly from: number;
  readonly count: number;
}

/** Those that fit, and how many they are on all pages together. */
export const findUsers = async (
  tx: Transaction,
  { sql, values }: Condition,
  { sort, from, count }: Page,
): Promise<{ readonly found: DirectoryPerson[]; readonly total: number }> => {
  const where = `p.left_at is null and ${sql}`;
  const [row] = await tx.query<{ total: number }>(`select count(*) as total from person p where ${where}`, values);
  const found =
    count === 0
      ? []
      : await tx.query<DirectoryPerson>(
          `select ${columns} from person p where ${where} order by ${sort}
            limit $${values.length + 1} offset $${values.length + 2}`,
          [...values, count, from],
        );
  return { found, total: row?.total ?? 0 };
};

/** Undefined when the number is taken. */
export const tryInsertUser = async (
  tx: Transaction,
  now: Date,
  facts: UserFacts,
): Promise<PersonSummary | undefined> => {
  const { userName: number, name, kana, externalId, familyName, givenName, active } = facts;
  const [row] = await tx.query<PersonSummary>(
    `insert into person (id, number, name, kana, state, roles, search, external_id, family_name, given_name,
                         suspended_by_directory, created_at, changed_at)
     values ($1, $2, $3, $4, $5, '{clinician}', $6, $7, $8, $9, $5 = 'suspended', $10, $10)
     on conflict do nothing returning id, number, name, kana, state, roles`,
    [
      createUuid(now),
      number,
      name,
      kana,
      active ? 'active' : 'suspended',
      searchTextOf({ number, name, kana }),
      externalId,
      familyName,
      givenName,
      now,
    ],
  );
  if (row) await tx.notify('changed', { what: 'people' });
  return row;
};

/** What the directory alone keeps. */
export const updateOwnFacts = async (
  tx: Transaction,
  now: Date,
  id: PersonId,
  { externalId, familyName, givenName }: Pick<UserFacts, 'externalId' | 'familyName' | 'givenName'>,
): Promise<void> => {
  await tx.query(
    'update person set external_id = $2, family_name = $3, given_name = $4, changed_at = $5 where id = $1',
    [id, externalId, familyName, givenName, now],
  );
};

/** The row stays for the log; the number is free, and nothing is left to log in with. */
export const markLeft = async (tx: Transaction, now: Date, id: PersonId): Promise<void> => {
  await tx.query(
    `update person set left_at = $2, roles = '{}', external_id = null, family_name = null, given_name = null
      where id = $1`,
    [id, now],
  );
  await tx.query('delete from directory_member where person = $1', [id]);
  await tx.query('delete from credential where person = $1', [id]);
  await tx.query('update passkey set removed_at = $2 where person = $1 and removed_at is null', [id, now]);
};
