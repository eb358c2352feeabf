import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { DirectoryGroupId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

/** These people, those who left not, held until the transaction ends; in one order, so that two never wait for each other. */
export const lockPeople = async (tx: Transaction, ids: readonly PersonId[]): Promise<PersonSummary[]> =>
  tx.query<PersonSummary>(
    `select id, number, name, kana, state, roles from person
      where id = any($1) and left_at is null order by id for no key update`,
    [ids],
  );

export const addRole = async (tx: Transaction, now: Date, ids: readonly PersonId[], role: Role): Promise<void> => {
  await tx.query(
    `update person set roles = array_append(roles, $2), changed_at = $3 where id = any($1) and not $2 = any(roles)`,
    [ids, role, now],
  );
  if (ids.length > 0) await tx.notify('changed', { what: 'people' });
};

export const removeRole = async (tx: Transaction, now: Date, ids: readonly PersonId[], role: Role): Promise<void> => {
  await tx.query(
    `update person set roles = array_remove(roles, $2), changed_at = $3 where id = any($1) and $2 = any(roles)`,
    [ids, role, now],
  );
  if (ids.length > 0) await tx.notify('changed', { what: 'people' });
};

/** Of these people those to whom another group than `without` gives the role. */
export const listGivenByGroups = async (
  tx: Transaction,
  ids: readonly PersonId[],
  role: Role,
  without: DirectoryGroupId,
): Promise<ReadonlySet<PersonId>> => {
  const rows = await tx.query<{ person: PersonId }>(
    `select distinct m.person from directory_member m join directory_group g on g.id = m."group"
      where m.person = any($1) and g.role = $2 and g.id <> $3`,
    [ids, role, without],
  );
  return new Set(rows.map(({ person }) => person));
};
