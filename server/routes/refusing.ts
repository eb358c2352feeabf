import { fail } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import type { ConsoleSender } from './handlers.ts';

/** Whom a console call concerns, who made it, and at which terminal. */
export const by = (sender: ConsoleSender, person: PersonId | null) => ({
  person,
  actor: sender.person,
  terminal: sender.terminal,
});

export const refuseRole = async (
  tx: Transaction,
  now: Date,
  sender: ConsoleSender,
  person: PersonId | null,
  call: string,
) => {
  await record(tx, now, {
    ...by(sender, person),
    kind: 'request.refused',
    outcome: 'serious',
    reason: 'role-missing',
    detail: { call },
  });
  return fail('CONSOLE_ROLE_MISSING');
};

export const refuseSelf = async (tx: Transaction, now: Date, sender: ConsoleSender, call: string) => {
  await record(tx, now, {
    ...by(sender, sender.person),
    kind: 'request.refused',
    outcome: 'serious',
    reason: 'self',
    detail: { call },
  });
  return fail('PERSON_SELF');
};
