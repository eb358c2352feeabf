import type { Pushed } from '#contract/api/terminals.ts';
import type { PersonId } from '#contract/ids.ts';
import { cancelCeremoniesBy, cancelCeremoniesOf, type EndedCeremony } from '../store/ceremonies.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import { dropPendingSeed } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record, recordAll } from '../store/events.ts';
import { dropInvitations } from '../store/invitations.ts';
import { suspendAll } from '../store/people.ts';
import { issueRevocation } from '../store/revocations.ts';
import { type EndedSession, endSessionsOf } from '../store/sessions.ts';
import type { Author } from './author.ts';
import { endSubstitutes } from './end-substitutes.ts';

/**
 * A terminal locks by the person of an order, so all sessions of the person end, whichever card began them.
 * Attempts under way are refused at their next proof, which looks at card and person again. Answers those that ended.
 */
export const endSessionsOfPerson = async (
  tx: Transaction,
  now: Date,
  person: PersonId,
  { actor, detail }: Author,
): Promise<EndedSession[]> => {
  const ended = await endSessionsOf(tx, now, 'revoked', person);
  for (const session of ended) {
    await record(tx, now, {
      kind: 'session.ended',
      outcome: 'success',
      terminal: session.terminal,
      person,
      actor,
      card: session.card,
      attempt: session.attempt,
      session: session.id,
      reason: 'revoked',
      detail,
    });
  }
  return ended;
};

const tellCancelled = async (
  tx: Transaction,
  now: Date,
  ended: readonly EndedCeremony[],
  { actor, detail }: Author,
  reason: string,
): Promise<void> => {
  for (const { id: ceremony, terminal, person } of ended) {
    await tx.notify('pushed', { terminal, pushed: { kind: 'ceremony-cancelled', ceremony } satisfies Pushed });
    const facts = { kind: 'ceremony.ended', outcome: 'minor', terminal, person, actor, ceremony } as const;
    await record(tx, now, { ...facts, reason, detail });
  }
};

/** Ends enrolment steps of a person that are under way; `task`: those for this alone. */
export const cancelCeremonies = async (
  tx: Transaction,
  now: Date,
  person: PersonId,
  author: Author,
  task?: 'pin',
): Promise<void> => {
  const ended = await cancelCeremoniesOf(tx, now, person, task);
  await tellCancelled(tx, now, ended, author, task === undefined ? 'person-suspended' : 'revoked');
};

/** Ends enrolment steps that a person asked for, who may ask for none any more. */
export const cancelAsked = async (tx: Transaction, now: Date, person: PersonId, author: Author): Promise<void> =>
  tellCancelled(tx, now, await cancelCeremoniesBy(tx, now, person), author, 'cancelled');

/** A directory suspended the person before; from now on it is somebody here. */
export const recordHeld = async (
  tx: Transaction,
  now: Date,
  person: PersonId,
  { actor, terminal, detail }: Author,
  reason: string,
): Promise<void> => {
  const facts = { kind: 'person.suspended', outcome: 'success', person, actor, terminal, reason } as const;
  await record(tx, now, { ...facts, detail: { ...detail, before: 'directory' } });
};

/**
 * These people may log in nowhere any more: sessions, console sessions, enrolment steps of theirs and those that they asked
 * for, seeds that wait for their first code and invitations end, and each gets a numbered revocation, which every terminal is told when the transaction commits.
 * Whoever calls holds their rows. `byDirectory`: a directory may bring them back. Answers the numbers in the order of the
 * people.
 */
export const suspendPeople = async (
  tx: Transaction,
  now: Date,
  people: readonly PersonId[],
  author: Author,
  reason: string,
  byDirectory = false,
): Promise<number[]> => {
  const { actor, terminal, detail } = author;
  await suspendAll(tx, now, people, byDirectory);
  await recordAll(
    tx,
    now,
    people.map((person) => ({ kind: 'person.suspended', outcome: 'success', person, actor, terminal, reason, detail })),
  );
  for (const person of people) {
    await endSessionsOfPerson(tx, now, person, author);
    await cancelCeremonies(tx, now, person, author);
    await cancelAsked(tx, now, person, author);
    await endConsoleSessionsOf(tx, now, person);
    await dropInvitations(tx, person);
    await dropPendingSeed(tx, person);
  }
  // From the first number on all who issue revocations wait: nothing of anybody is waited for any more.
  const numbers: number[] = [];
  for (const person of people) {
    await endSubstitutes(tx, now, { person }, { reason: 'person-suspended', by: actor });
    numbers.push(await issueRevocation(tx, now, { what: 'person', subject: person, person, reason, by: actor }));
  }
  return numbers;
};
