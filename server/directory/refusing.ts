import { fail } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import type { Author } from '../people/author.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';

/** A directory wanted to bring back somebody whom it did not take away. */
export const refuseReturn = async (
  tx: Transaction,
  now: Date,
  { actor, terminal, detail }: Author,
  person: PersonId,
) => {
  const reason = 'directory-return';
  await record(tx, now, { kind: 'request.refused', outcome: 'serious', person, actor, terminal, reason, detail });
  return fail('DIRECTORY_RETURN_REFUSED');
};

/** A directory, or an admin for it, wanted to give a role that the policy keeps from directories. */
export const refuseGiving = async (
  tx: Transaction,
  now: Date,
  { actor, terminal, detail }: Author,
  about: { readonly person: PersonId | null; readonly roles: readonly string[] },
) => {
  await record(tx, now, {
    kind: 'request.refused',
    outcome: 'serious',
    person: about.person,
    actor,
    terminal,
    reason: 'directory-role',
    detail: { ...detail, roles: about.roles.join(' ') },
  });
  return fail('DIRECTORY_ROLE_REFUSED');
};
