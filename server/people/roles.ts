import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import type { Transaction } from '../store/database.ts';
import { record, recordAll } from '../store/events.ts';
import { keepsAdmin } from '../store/people.ts';
import type { Author } from './author.ts';
import { cancelAsked } from './suspend.ts';

export const sameRoles = (one: readonly Role[], other: readonly Role[]): boolean =>
  [...new Set(one)].sort().join() === [...new Set(other)].sort().join();

/** Nobody may take the last active admin away, by whatever way; the try is written down. */
export const guardLastAdmin = async (
  tx: Transaction,
  now: Date,
  leaving: readonly Pick<PersonSummary, 'id' | 'state' | 'roles'>[],
  { actor, terminal, detail }: Author,
): Promise<Result<null, 'PERSON_LAST_ADMIN'>> => {
  const admins = leaving.filter(({ state, roles }) => state === 'active' && roles.includes('admin'));
  const [first] = admins;
  if (first === undefined) return succeed(null);
  const ids = admins.map(({ id }) => id);
  if (await keepsAdmin(tx, ids)) return succeed(null);
  const facts = { kind: 'request.refused', outcome: 'serious', reason: 'last-admin' } as const;
  await record(tx, now, { ...facts, person: first.id, actor, terminal, detail });
  return fail('PERSON_LAST_ADMIN');
};

export interface RoleChange {
  readonly person: PersonId;
  readonly before: readonly Role[];
  readonly after: readonly Role[];
}

const losesDesk = (before: readonly Role[], after: readonly Role[]): boolean =>
  (['helpdesk', 'admin'] as const).some((role) => before.includes(role) && !after.includes(role));

/**
 * Events of roles that were changed. Rights are looked up at each request; who has none in the console any more is signed
 * out, and enrolment steps of who may ask for none any more end.
 */
export const recordRoles = async (
  tx: Transaction,
  now: Date,
  changes: readonly RoleChange[],
  author: Author,
): Promise<void> => {
  const { actor, terminal, detail } = author;
  await recordAll(
    tx,
    now,
    changes.map(({ person, before, after }) => ({
      kind: 'person.changed',
      outcome: 'success',
      person,
      actor,
      terminal,
      reason: 'roles',
      detail: { ...detail, rolesBefore: before.join(' '), roles: after.join(' ') },
    })),
  );
  for (const { person, before, after } of changes) {
    if (mayUseConsole(before) && !mayUseConsole(after)) await endConsoleSessionsOf(tx, now, person);
    if (losesDesk(before, after)) await cancelAsked(tx, now, person, author);
  }
};
