import type { Role } from '#contract/api/row.ts';
import { type Result, succeed } from '#contract/errors.ts';
import type { DirectoryGroupId, PersonId } from '#contract/ids.ts';
import type { Author } from '../people/author.ts';
import { guardLastAdmin, recordRoles } from '../people/roles.ts';
import type { Transaction } from '../store/database.ts';
import { addRole, listGivenByGroups, lockPeople, removeRole } from '../store/directory-roles.ts';

/** Gives the role to those of these people who lack it. Answers how many they were. */
export const giveRole = async (
  tx: Transaction,
  now: Date,
  people: readonly PersonId[],
  role: Role,
  author: Author,
): Promise<number> => {
  const without = (await lockPeople(tx, people)).filter(({ roles }) => !roles.includes(role));
  const ids = without.map(({ id }) => id);
  await addRole(tx, now, ids, role);
  const changes = without.map(({ id, roles }) => ({ person: id, before: roles, after: [...roles, role] }));
  await recordRoles(tx, now, changes, author);
  return ids.length;
};

/**
 * Takes the role from those of these people to whom no other group than `without` gives it. Before anything else is
 * written: a refusal leaves all as it was. The directory has the last word on a role that it gives, whoever gave it to
 * them before.
 */
export const takeRole = async (
  tx: Transaction,
  now: Date,
  people: readonly PersonId[],
  { role, without }: { readonly role: Role; readonly without: DirectoryGroupId },
  author: Author,
): Promise<Result<number, 'PERSON_LAST_ADMIN'>> => {
  const held = await lockPeople(tx, people);
  const kept = await listGivenByGroups(tx, people, role, without);
  const losing = held.filter(({ id, roles }) => roles.includes(role) && !kept.has(id));
  const guarded = role === 'admin' ? await guardLastAdmin(tx, now, losing, author) : succeed(null);
  if (!guarded.ok) return guarded;
  const ids = losing.map(({ id }) => id);
  await removeRole(tx, now, ids, role);
  const changes = losing.map(({ id, roles }) => ({
    person: id,
    before: roles,
    after: roles.filter((one) => one !== role),
  }));
  await recordRoles(tx, now, changes, author);
  return succeed(ids.length);
};
