import type { DirectoryGroup } from '#contract/api/directory.ts';
import type { Role } from '#contract/api/row.ts';
import type { DirectoryGroupId, PersonId } from '#contract/ids.ts';
import type { GroupFacts } from '#core/scim/group.ts';
import type { Transaction } from './database.ts';
import type { Page } from './directory-people.ts';
import type { Condition } from './scim-query.ts';
import { createUuid } from './uuid.ts';

export interface Member {
  readonly value: PersonId;
  readonly display: string;
}

export interface Group {
  readonly id: DirectoryGroupId;
  readonly displayName: string;
  readonly externalId: string | null;
  readonly role: Role | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** Hash of names and members: changes whenever either does. */
  readonly version: string;
  /** `null`: they were not looked up. */
  readonly members: readonly Member[] | null;
}

const columns = (members: boolean): string => `g.id, g.display_name as "displayName", g.external_id as "externalId",
  g.role, g.created_at as "createdAt", g.changed_at as "changedAt",
  (select encode(sha256(convert_to(coalesce(string_agg(p.id::text || ' ' || p.name, e'\\n' order by p.id), ''), 'UTF8')), 'hex')
     from directory_member m join person p on p.id = m.person where m."group" = g.id) as version,
  ${
    members
      ? `(select coalesce(json_agg(json_build_object('value', p.id, 'display', p.name) order by p.id), '[]')
            from directory_member m join person p on p.id = m.person where m."group" = g.id)`
      : 'null'
  } as members`;

export const tryGetGroup = async (
  tx: Transaction,
  id: DirectoryGroupId,
  members: boolean,
): Promise<Group | undefined> => {
  const [row] = await tx.query<Group>(`select ${columns(members)} from directory_group g where g.id = $1`, [id]);
  return row;
};

/** Held until the transaction ends: one change of a group at a time. */
export const lockGroup = async (tx: Transaction, id: DirectoryGroupId): Promise<void> => {
  await tx.query('select 1 from directory_group where id = $1 for update', [id]);
};

/** Far more than one answer should carry. */
const mostMembersShown = 100_000;

/** Those that fit, and how many they are on all pages; `too-many` when the members of a page are. */
export const findGroups = async (
  tx: Transaction,
  { sql, values }: Condition,
  { sort, from, count }: Page,
  members: boolean,
): Promise<{ readonly found: Group[]; readonly total: number } | 'too-many'> => {
  const [row] = await tx.query<{ total: number }>(
    `select count(*) as total from directory_group g where ${sql}`,
    values,
  );
  const total = row?.total ?? 0;
  if (count === 0) return { found: [], total };
  const page = `from directory_group g where ${sql} order by ${sort} limit $${values.length + 1} offset $${values.length + 2}`;
  const given = [...values, count, from];
  if (members) {
    const [sum] = await tx.query<{ sum: number }>(
      `select count(*) as sum from directory_member where "group" in (select g.id ${page})`,
      given,
    );
    if ((sum?.sum ?? 0) > mostMembersShown) return 'too-many';
  }
  return { found: await tx.query<Group>(`select ${columns(members)} ${page}`, given), total };
};

/** Undefined when the name is taken. */
export const tryInsertGroup = async (
  tx: Transaction,
  now: Date,
  { displayName, externalId }: Pick<GroupFacts, 'displayName' | 'externalId'>,
): Promise<DirectoryGroupId | undefined> => {
  const [row] = await tx.query<{ id: DirectoryGroupId }>(
    `insert into directory_group (id, display_name, external_id, created_at, changed_at) values ($1, $2, $3, $4, $4)
     on conflict do nothing returning id`,
    [createUuid(now), displayName, externalId, now],
  );
  return row?.id;
};

/** Throws a violation of `directory_group_name` when the new name is taken. */
export const updateGroup = async (
  tx: Transaction,
  now: Date,
  id: DirectoryGroupId,
  { displayName, externalId }: Pick<GroupFacts, 'displayName' | 'externalId'>,
): Promise<void> => {
  await tx.query('update directory_group set display_name = $2, external_id = $3, changed_at = $4 where id = $1', [
    id,
    displayName,
    externalId,
    now,
  ]);
};

export const setGroupRole = async (
  tx: Transaction,
  now: Date,
  id: DirectoryGroupId,
  role: Role | null,
): Promise<void> => {
  await tx.query('update directory_group set role = $2, changed_at = $3 where id = $1', [id, role, now]);
};

/** Its members go with it. */
export const deleteGroup = async (tx: Transaction, id: DirectoryGroupId): Promise<void> => {
  await tx.query('delete from directory_group where id = $1', [id]);
};

export const listMembers = async (tx: Transaction, id: DirectoryGroupId): Promise<PersonId[]> =>
  (await tx.query<{ person: PersonId }>('select person from directory_member where "group" = $1', [id])).map(
    ({ person }) => person,
  );

export const addMembers = async (tx: Transaction, id: DirectoryGroupId, people: readonly PersonId[]): Promise<void> => {
  await tx.query(
    'insert into directory_member ("group", person) select $1, unnest($2::uuid[]) on conflict do nothing',
    [id, people],
  );
};

export const removeMembers = async (
  tx: Transaction,
  id: DirectoryGroupId,
  people: readonly PersonId[],
): Promise<void> => {
  await tx.query('delete from directory_member where "group" = $1 and person = any($2)', [id, people]);
};

export const listGroups = async (tx: Transaction): Promise<DirectoryGroup[]> => {
  const rows = await tx.query<Omit<DirectoryGroup, 'changedAt'> & { readonly changedAt: Date }>(
    `select g.id, g.display_name as name, g.role, g.changed_at as "changedAt",
            (select count(*) from directory_member m where m."group" = g.id) as members
       from directory_group g order by lower(g.display_name)`,
  );
  return rows.map((row) => ({ ...row, changedAt: row.changedAt.toISOString() }));
};
