import type { Role } from '#contract/api/row.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { UserFacts } from '#core/scim/user.ts';
import type { Author } from '../people/author.ts';
import { changePerson } from '../people/change.ts';
import { guardLastAdmin } from '../people/roles.ts';
import { suspendPeople } from '../people/suspend.ts';
import { listCards, revokeCard } from '../store/cards.ts';
import type { Transaction } from '../store/database.ts';
import { type DirectoryPerson, markLeft, tryInsertUser, updateOwnFacts } from '../store/directory-people.ts';
import { record } from '../store/events.ts';
import { resumePerson } from '../store/people.ts';
import { refuseGiving, refuseReturn } from './refusing.ts';

/** Also the reason of revocations, for people to read: `detail.directory` names which one. */
const reason = 'directory';

export const factsOf = (person: DirectoryPerson): UserFacts => ({
  userName: person.number,
  externalId: person.externalId,
  name: person.name,
  familyName: person.familyName,
  givenName: person.givenName,
  active: person.state === 'active',
  kana: person.kana,
});

/** A new person is a clinician without card and secret, whoever sends them. */
export const addUser = async (
  tx: Transaction,
  now: Date,
  facts: UserFacts,
  { actor, terminal, detail }: Author,
): Promise<Result<DirectoryPerson['id'], 'SCIM_TAKEN'>> => {
  const person = await tryInsertUser(tx, now, facts);
  if (!person) return fail('SCIM_TAKEN');
  await record(tx, now, {
    kind: 'person.added',
    outcome: 'success',
    person: person.id,
    actor,
    terminal,
    reason,
    detail: { ...detail, number: person.number, roles: person.roles.join(' '), state: person.state },
  });
  return succeed(person.id);
};

const own = ['externalId', 'familyName', 'givenName'] as const;

/**
 * Makes the person what the directory says. What may be refused is looked at before anything is written; a number that
 * is taken is thrown as a violation of `person_number`.
 */
export const changeUser = async (
  tx: Transaction,
  now: Date,
  before: DirectoryPerson,
  after: UserFacts,
  { author, allowed }: { readonly author: Author; readonly allowed: readonly Role[] },
): Promise<Result<null, 'DIRECTORY_ROLE_REFUSED' | 'DIRECTORY_RETURN_REFUSED' | 'PERSON_LAST_ADMIN'>> => {
  const active = before.state === 'active';
  const leaves = active && !after.active;
  const returns = !active && after.active;
  if (returns && !before.suspendedByDirectory) return refuseReturn(tx, now, author, before.id);
  const forbidden = before.roles.filter((role) => !allowed.includes(role));
  if (returns && forbidden.length > 0) return refuseGiving(tx, now, author, { person: before.id, roles: forbidden });
  const guarded = leaves ? await guardLastAdmin(tx, now, [before], author) : succeed(null);
  if (!guarded.ok) return guarded;

  const { userName: number, name, kana } = after;
  const { id, state, roles } = before;
  await changePerson(tx, now, before, { id, state, roles, number, name, kana }, author);
  await changeOwnFacts(tx, now, before, after, author);
  if (leaves) await suspendPeople(tx, now, [id], author, reason, true);
  if (returns) {
    await resumePerson(tx, now, id);
    const { actor, terminal, detail } = author;
    await record(tx, now, { kind: 'person.resumed', outcome: 'success', person: id, actor, terminal, reason, detail });
  }
  return succeed(null);
};

const changeOwnFacts = async (
  tx: Transaction,
  now: Date,
  before: DirectoryPerson,
  after: UserFacts,
  { actor, terminal, detail }: Author,
): Promise<void> => {
  const changed = own.filter((name) => before[name] !== after[name]);
  if (changed.length === 0) return;
  await updateOwnFacts(tx, now, before.id, after);
  const values = changed.flatMap((name) => [
    [`${name}Before`, before[name] ?? ''],
    [name, after[name] ?? ''],
  ]);
  await record(tx, now, {
    kind: 'person.changed',
    outcome: 'success',
    person: before.id,
    actor,
    terminal,
    reason: 'details',
    detail: { ...detail, ...Object.fromEntries(values) },
  });
};

/**
 * The person has left: nothing that they log in with is left either, and the staff number may be given to somebody else
 * without that one inheriting anything. The cards' rows are held before the person's, as when a card is revoked.
 */
export const removeUser = async (
  tx: Transaction,
  now: Date,
  person: DirectoryPerson,
  author: Author,
): Promise<Result<null, 'PERSON_LAST_ADMIN'>> => {
  const guarded = await guardLastAdmin(tx, now, [person], author);
  if (!guarded.ok) return guarded;
  const { actor, terminal, detail } = author;
  if (person.state === 'active') await suspendPeople(tx, now, [person.id], author, reason, true);
  for (const card of await listCards(tx, person.id)) {
    if (card.state === 'revoked') continue;
    await revokeCard(tx, now, card.id, { by: actor, reason });
    await record(tx, now, {
      kind: 'card.revoked',
      outcome: 'success',
      person: person.id,
      actor,
      terminal,
      card: card.id,
      reason,
      detail: { ...detail, label: card.label, ending: card.ending },
    });
  }
  await markLeft(tx, now, person.id);
  await record(tx, now, {
    kind: 'person.changed',
    outcome: 'success',
    person: person.id,
    actor,
    terminal,
    reason: 'person-left',
    detail: { ...detail, rolesBefore: person.roles.join(' ') },
  });
  return succeed(null);
};
