import { fail, succeed } from '#contract/errors.ts';
import { checkAssertion, outcomeOf, useAsserted } from '../assertions.ts';
import type { ServerDeps } from '../deps.ts';
import { createLimit } from '../limit.ts';
import { toAssertionOptions } from '../passkey-options.ts';
import { refuseSlowly } from '../sign-in.ts';
import { record } from '../store/events.ts';
import { insertChallenge } from '../store/passkeys.ts';
import { createSupportCode } from '../store/support-codes.ts';
import { enter } from './entering.ts';
import type { Handlers } from './handlers.ts';

/**
 * The door for passkeys. It shares nothing with the one for passwords: neither its locks nor its queue nor its limits, so
 * that whoever floods that one, or locks a password, keeps nobody with a passkey out.
 */
export const createPasskeySignInRoutes = (deps: ServerDeps) => {
  const begun = createLimit({ tries: 60, everyMs: 60_000 });
  const refused = createLimit({ tries: 60, everyMs: 60_000 });
  /** Of all addresses together: bounds what is stored. */
  const begunByAll = createLimit({ tries: 6000, everyMs: 60_000, keys: 1 });
  const busy = () => fail('SERVER_BUSY', { retryAfterSeconds: 2 });
  return {
    'passkeys/begin-sign-in': async (_input, { address }) => {
      const now = deps.now();
      if (!begun.allows(address, now) || !begunByAll.allows('all', now)) return busy();
      begun.count(address, now);
      begunByAll.count('all', now);
      const challenge = await deps.database.transaction((tx) => insertChallenge(tx, now, { purpose: 'sign-in' }));
      return succeed({ options: toAssertionOptions(deps, challenge, []) });
    },

    'passkeys/sign-in': async ({ body }, from, reply) => {
      if (!refused.allows(from.address, deps.now())) return busy();
      return refuseSlowly(async () => {
        const asserted = await checkAssertion(deps, body.assertion, { purpose: 'sign-in' });
        return deps.database.transaction(async (tx) => {
          const now = deps.now();
          const used = await useAsserted(tx, now, asserted);
          if (used.ok) {
            const { person, passkey } = used;
            const entering = { person, factors: ['passkey' as const], at: null, from, passkey: passkey.id };
            return succeed(await enter(deps, tx, now, reply, entering));
          }
          const { why, person } = used;
          refused.count(from.address, now);
          const supportCode = await createSupportCode(tx, now);
          await record(tx, now, {
            kind: 'console.sign-in-refused',
            outcome: outcomeOf(why),
            person,
            factors: ['passkey'],
            reason: why,
            supportCode,
            detail: { address: from.address },
          });
          return fail('PASSKEY_REFUSED', { supportCode });
        });
      });
    },
  } satisfies Partial<Handlers>;
};
