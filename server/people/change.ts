import type { PersonSummary } from '#contract/api/people.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { updatePerson } from '../store/people.ts';
import type { Author } from './author.ts';
import { recordRoles, sameRoles } from './roles.ts';

const named = ['number', 'name', 'kana'] as const;

/** What differs, as an event says it: each value before and after. */
export const describeChange = (before: PersonSummary, after: PersonSummary): Record<string, string> =>
  Object.fromEntries(
    named
      .filter((name) => before[name] !== after[name])
      .flatMap((name) => [
        [`${name}Before`, before[name]],
        [name, after[name]],
      ]),
  );

/**
 * Writes number, name, kana and roles with their events; nothing when nothing differs. Whoever calls holds the row and
 * has guarded the last admin. Throws a violation of `person_number`.
 */
export const changePerson = async (
  tx: Transaction,
  now: Date,
  before: PersonSummary,
  after: PersonSummary,
  author: Author,
): Promise<void> => {
  const changes = describeChange(before, after);
  const roles = sameRoles(before.roles, after.roles)
    ? []
    : [{ person: before.id, before: before.roles, after: after.roles }];
  if (Object.keys(changes).length === 0 && roles.length === 0) return;
  await updatePerson(tx, now, after);
  const { actor, terminal, detail } = author;
  if (Object.keys(changes).length > 0) {
    await record(tx, now, {
      kind: 'person.changed',
      outcome: 'success',
      person: before.id,
      actor,
      terminal,
      reason: 'details',
      detail: { ...detail, ...changes },
    });
  }
  await recordRoles(tx, now, roles, author);
};
