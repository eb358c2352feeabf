import { randomInt } from 'node:crypto';
import { fail, succeed } from '#contract/errors.ts';
import { mayChangeFactorsOf } from '#core/policy/rights.ts';
import { hashSecret } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { createHashQueue } from '../hash-queue.ts';
import { forgetPin } from '../people/take-away.ts';
import { isSet, setInitialSecret, tryDisableFactor } from '../store/credentials.ts';
import { record } from '../store/events.ts';
import { touchPerson, tryLockPerson } from '../store/people.ts';
import { requireApprovalForBinding } from './approving.ts';
import type { Handlers } from './handlers.ts';
import { by, refuseRole } from './refusing.ts';

/** Digits of a first secret; `core/login` asks for as many. */
const digits = 10;

const makeFirstSecret = (): string => String(randomInt(10 ** digits)).padStart(digits, '0');

/** Single-use secrets for somebody who cannot come to a terminal with helpdesk: on paper, in a sealed envelope. */
export const createFirstSecretRoutes = (deps: ServerDeps) => {
  const queue = createHashQueue(1);
  return {
    'people/issue-first-secret': async ({ params, body }, sender) => {
      const place = queue.tryEnter();
      if (!place) return fail('SERVER_BUSY', { retryAfterSeconds: 1 });
      try {
        const secret = makeFirstSecret();
        const hashed = await place.run(() => hashSecret(deps.secrets, secret));
        return await deps.database.transaction(async (tx) => {
          const now = deps.now();
          const person = await tryLockPerson(tx, params.person);
          if (!person) return fail('PERSON_UNKNOWN');
          if (!mayChangeFactorsOf(sender.roles, person.roles)) {
            return refuseRole(tx, now, sender, person.id, 'people/issue-first-secret');
          }
          const approved = await requireApprovalForBinding(deps, tx, now, sender, {
            person,
            call: 'people/issue-first-secret',
            what: 'first-secret',
            terminal: sender.terminal,
          });
          if (!approved.ok) return approved;
          const expiresAt = new Date(now.getTime() + deps.policy().pin.initialHours * 3_600_000);
          // Whoever gets a new way in has lost or forgotten the old one, or it is not to be used any more.
          await tryDisableFactor(tx, person.id, 'pin');
          await setInitialSecret(tx, now, { person: person.id, secret: hashed, expiresAt });
          await record(tx, now, {
            ...by(sender, person.id),
            kind: 'first-secret.issued',
            outcome: 'success',
            detail: { identity: body.identity, ...approved.value },
          });
          await touchPerson(tx, now, person.id);
          if (await isSet(tx, person.id, 'pin')) await forgetPin(tx, now, person.id, sender.person);
          return succeed({ secret, expiresAt: expiresAt.toISOString() });
        });
      } finally {
        place.leave();
      }
    },
  } satisfies Partial<Handlers>;
};
