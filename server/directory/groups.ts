import type { Role } from '#contract/api/row.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { DirectoryGroupId, PersonId } from '#contract/ids.ts';
import type { GroupFacts } from '#core/scim/group.ts';
import type { Author } from '../people/author.ts';
import type { Transaction } from '../store/database.ts';
import {
  addMembers,
  deleteGroup,
  type Group,
  removeMembers,
  setGroupRole,
  tryInsertGroup,
  updateGroup,
} from '../store/directory-groups.ts';
import { lockPeople } from '../store/directory-roles.ts';
import { record } from '../store/events.ts';
import { giveRole, takeRole } from './giving.ts';
import { refuseGiving } from './refusing.ts';

export interface How {
  readonly author: Author;
  /** Roles that a directory may give. */
  readonly allowed: readonly Role[];
}

type Kind = 'directory.group-added' | 'directory.group-changed' | 'directory.group-removed';

const recordGroup = async (
  tx: Transaction,
  now: Date,
  kind: Kind,
  { actor, terminal, detail }: Author,
  facts: Record<string, string | number>,
): Promise<void> => {
  await record(tx, now, { kind, outcome: 'success', actor, terminal, detail: { ...detail, ...facts } });
};

/** Those of these people who are nobody here. */
const unknownMember = fail('SCIM_VALUE_INVALID', { problems: [{ path: 'members.value', rule: 'known' }] });

/** A new group has no role, so it gives nobody anything. */
export const addGroup = async (
  tx: Transaction,
  now: Date,
  facts: GroupFacts,
  author: Author,
): Promise<Result<DirectoryGroupId, 'SCIM_TAKEN' | 'SCIM_VALUE_INVALID'>> => {
  const members = [...facts.members] as PersonId[];
  if ((await lockPeople(tx, members)).length < members.length) return unknownMember;
  const id = await tryInsertGroup(tx, now, facts);
  if (!id) return fail('SCIM_TAKEN');
  await addMembers(tx, id, members);
  await recordGroup(tx, now, 'directory.group-added', author, { group: facts.displayName, members: members.length });
  return succeed(id);
};

export interface Held extends Group {
  /** Those whose group it is now. */
  readonly people: readonly PersonId[];
}

/**
 * Makes the group what the directory says. What may be refused is looked at before anything is written; a name that is
 * taken is thrown as a violation of `directory_group_name`.
 */
export const changeGroup = async (
  tx: Transaction,
  now: Date,
  before: Held,
  after: GroupFacts,
  { author, allowed }: How,
): Promise<Result<null, 'SCIM_VALUE_INVALID' | 'DIRECTORY_ROLE_REFUSED' | 'PERSON_LAST_ADMIN'>> => {
  const { id, role } = before;
  const held = new Set<string>(before.people);
  const joining = [...after.members].filter((member) => !held.has(member)) as PersonId[];
  const leaving = before.people.filter((member) => !after.members.has(member));
  const known = new Set((await lockPeople(tx, [...joining, ...leaving])).map((person) => person.id));
  if (joining.some((member) => !known.has(member))) return unknownMember;
  if (role !== null && joining.length > 0 && !allowed.includes(role)) {
    return refuseGiving(tx, now, author, { person: joining.length === 1 ? (joining[0] ?? null) : null, roles: [role] });
  }
  if (role !== null) {
    const taken = await takeRole(tx, now, leaving, { role, without: id }, author);
    if (!taken.ok) return taken;
  }
  const renamed = before.displayName !== after.displayName;
  const changed = renamed || before.externalId !== after.externalId;
  if (!changed && joining.length === 0 && leaving.length === 0) return succeed(null);
  await updateGroup(tx, now, id, after);
  await removeMembers(tx, id, leaving);
  await addMembers(tx, id, joining);
  if (role !== null) await giveRole(tx, now, joining, role, author);
  await recordGroup(tx, now, 'directory.group-changed', author, {
    group: after.displayName,
    ...(renamed ? { groupBefore: before.displayName } : {}),
    joined: joining.length,
    left: leaving.length,
    ...nameFew(joining, leaving),
  });
  return succeed(null);
};

/** Who it was, while they are few: directories mostly send one at a time. */
const nameFew = (joining: readonly PersonId[], leaving: readonly PersonId[]): Record<string, string> => ({
  ...(joining.length > 0 && joining.length <= 5 ? { joinedPeople: joining.join(' ') } : {}),
  ...(leaving.length > 0 && leaving.length <= 5 ? { leftPeople: leaving.join(' ') } : {}),
});

export const removeGroup = async (
  tx: Transaction,
  now: Date,
  group: Held,
  { author }: Pick<How, 'author'>,
): Promise<Result<null, 'PERSON_LAST_ADMIN'>> => {
  const { id, role, people, displayName } = group;
  if (role !== null) {
    const taken = await takeRole(tx, now, people, { role, without: id }, author);
    if (!taken.ok) return taken;
  }
  await deleteGroup(tx, id);
  await recordGroup(tx, now, 'directory.group-removed', author, { group: displayName, members: people.length });
  return succeed(null);
};

/** Gives the group another role, or none; its members have it from now on. Whoever calls has asked the policy. */
export const changeGroupRole = async (
  tx: Transaction,
  now: Date,
  group: Held,
  role: Role | null,
  author: Author,
): Promise<Result<{ gained: number; lost: number }, 'PERSON_LAST_ADMIN'>> => {
  const { id, people, displayName } = group;
  if (role === group.role) return succeed({ gained: 0, lost: 0 });
  const lost =
    group.role === null ? succeed(0) : await takeRole(tx, now, people, { role: group.role, without: id }, author);
  if (!lost.ok) return lost;
  await setGroupRole(tx, now, id, role);
  const gained = role === null ? 0 : await giveRole(tx, now, people, role, author);
  await recordGroup(tx, now, 'directory.group-changed', author, {
    group: displayName,
    roleBefore: group.role ?? '',
    role: role ?? '',
    gained,
    lost: lost.value,
  });
  return succeed({ gained, lost: lost.value });
};
