import type { Role } from '#contract/api/row.ts';
import type { Failure } from '#contract/errors.ts';
import type { Author } from '../people/author.ts';
import type { Transaction } from '../store/database.ts';
import { listGroups, listMembers, lockGroup, tryGetGroup } from '../store/directory-groups.ts';
import { changeGroupRole } from './groups.ts';

/** Thrown, so that nothing of the transaction stays. */
export class NotWithdrawn extends Error {
  readonly failure: Failure<'PERSON_LAST_ADMIN'>;
  constructor(failure: Failure<'PERSON_LAST_ADMIN'>) {
    super(failure.code);
    this.failure = failure;
  }
}

/** Groups give no role any more that the policy does not let a directory give, and who has it by them alone loses it. */
export const withdrawRoles = async (
  tx: Transaction,
  now: Date,
  allowed: readonly Role[],
  author: Author,
): Promise<void> => {
  for (const { id, role } of await listGroups(tx)) {
    if (role === null || allowed.includes(role)) continue;
    await lockGroup(tx, id);
    const group = await tryGetGroup(tx, id, false);
    if (!group) continue;
    const held = { ...group, people: await listMembers(tx, id) };
    const changed = await changeGroupRole(tx, now, held, null, author);
    if (!changed.ok) throw new NotWithdrawn(changed.failure);
  }
};
