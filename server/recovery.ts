import type { PersonSummary } from '#contract/api/people.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import type { Secrets } from './secrets.ts';
import type { Database } from './store/database.ts';
import { record } from './store/events.ts';
import { insertInvitation } from './store/invitations.ts';
import { touchPerson, tryFindByNumber, tryLockPerson } from './store/people.ts';

/** Why there is no link, in the words of an operator. */
export class RecoveryProblem extends Error {}

export interface Recovery {
  readonly person: PersonSummary;
  readonly code: string;
  readonly expiresAt: Date;
}

/**
 * A one-time link for somebody who has lost every way into the console, made by whoever may read the server's keys and
 * database. It takes the place of an earlier one; what they have now stays in force until they have used it.
 */
export const beginRecovery = (
  deps: { readonly database: Database; readonly secrets: Secrets; readonly now: Date },
  number: string,
  operator: string,
): Promise<Recovery> =>
  deps.database.transaction(async (tx) => {
    const { secrets, now } = deps;
    const person = await tryFindByNumber(tx, number);
    if (!person) throw new RecoveryProblem(`nobody has the staff number ${number}`);
    const { name, state, roles } = person;
    if (state !== 'active') throw new RecoveryProblem(`${name} (${person.number}) is suspended and may not sign in`);
    if (!mayUseConsole(roles)) {
      throw new RecoveryProblem(`${name} (${person.number}) has no role that may use the console: ${roles.join(', ')}`);
    }
    await tryLockPerson(tx, person.id);
    const made = await insertInvitation(tx, secrets, now, { person: person.id, by: null });
    await record(tx, now, {
      kind: 'person.recovery-begun',
      outcome: 'success',
      person: person.id,
      detail: { operator: operator.slice(0, 100) },
    });
    await touchPerson(tx, now, person.id);
    return { person, ...made };
  });
