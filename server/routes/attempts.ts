import { fail, succeed } from '#contract/errors.ts';
import { isRandomIdentifier } from '#core/card/identifier.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue } from '../hash-queue.ts';
import { createLimit } from '../limit.ts';
import { concludeProof, evaluate, reserveProof } from '../proofs.ts';
import { abandonOpenAttempts, endAttempt, insertAttempt, takeTurn, tryLockAttempt } from '../store/attempts.ts';
import { type KnownCard, tryFindCard } from '../store/cards.ts';
import { listUsableFactors } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { createSupportCode } from '../store/support-codes.ts';
import type { Handlers } from './handlers.ts';

/** No person has it: an unknown card costs the same look-ups as a known one. */
const nobody = '00000000-0000-4000-8000-000000000000' as KnownCard['person']['id'];

/** Far more than hands can hold over a reader in a minute: above it somebody with a terminal's key tries identifiers. */
const refusedCards = { tries: 200, everyMs: 60_000 };

export const createAttemptRoutes = (deps: ServerDeps, queue: HashQueue) => {
  const refusals = createLimit(refusedCards);
  return {
    'attempts/begin': async ({ body }, { terminal, address }) => {
      if (!refusals.allows(terminal, deps.now())) return fail('SERVER_BUSY', { retryAfterSeconds: 60 });
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        await takeTurn(tx, terminal);
        for (const earlier of await abandonOpenAttempts(tx, now, terminal)) {
          await record(tx, now, {
            kind: 'attempt.abandoned',
            outcome: 'minor',
            terminal,
            person: earlier.person,
            card: earlier.card,
            attempt: earlier.id,
            supportCode: earlier.supportCode,
            factors: ['card'],
            reason: 'other-card',
          });
        }
        const known = await tryFindCard(tx, deps.secrets.cardIndexes(body.card));
        const factors = await listUsableFactors(tx, known?.person.id ?? nobody, deps.policy().tries, now);
        const supportCode = await createSupportCode(tx);
        const random = isRandomIdentifier(body.card.technology, body.card.identifier);
        const reason = random ? 'random-identifier' : whyRefused(known, factors.length);
        if (!known || reason !== undefined) {
          refusals.count(terminal, now);
          await record(tx, now, {
            kind: 'attempt.refused',
            outcome: 'minor',
            terminal,
            person: known?.person.id ?? null,
            card: known?.card ?? null,
            supportCode,
            factors: ['card'],
            reason: reason ?? 'unknown-card',
          });
          return fail('CARD_REFUSED', { supportCode });
        }
        const { person, card } = known;
        const expiresAt = new Date(now.getTime() + deps.policy().attempt.seconds * 1000);
        const attempt = await insertAttempt(tx, now, {
          terminal,
          lock: body.lock,
          card,
          person: person.id,
          supportCode,
          expiresAt,
          assurance: known.assurance,
          address,
        });
        await record(tx, now, {
          kind: 'attempt.begun',
          outcome: 'success',
          terminal,
          person: person.id,
          card,
          attempt,
          supportCode,
          factors: ['card'],
          detail: { assurance: known.assurance },
        });
        return succeed({
          attempt,
          greeting: { person: person.id, name: person.name, number: person.number, roles: [...person.roles] },
          factors: [...factors],
          expiresAt: expiresAt.toISOString(),
          supportCode,
        });
      });
    },

    'attempts/prove': async ({ params, body }, { terminal }) => {
      const place = body.factor === 'pin' ? queue.tryEnter() : 'not-needed';
      if (!place) return fail('SERVER_BUSY', { retryAfterSeconds: 1 });
      try {
        const reserved = await reserveProof(deps, params.attempt, body.factor, terminal);
        if (!reserved.ok) return reserved;
        const verdict = await evaluate(deps, reserved.value.credential, body.secret, place);
        return await concludeProof(deps, reserved.value, verdict);
      } finally {
        if (place !== 'not-needed') place.leave();
      }
    },

    'attempts/abandon': async ({ params, body }, { terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const attempt = await tryLockAttempt(tx, params.attempt);
        if (!attempt) return fail('ATTEMPT_ENDED');
        if (attempt.terminal !== terminal) {
          await recordForeign(tx, now, { terminal, attempt: attempt.id });
          return fail('TERMINAL_OTHER');
        }
        if (attempt.state !== 'open') return fail('ATTEMPT_ENDED');
        await endAttempt(tx, now, attempt.id, 'abandoned');
        await record(tx, now, {
          kind: 'attempt.abandoned',
          outcome: 'minor',
          terminal,
          person: attempt.person,
          card: attempt.card,
          attempt: attempt.id,
          supportCode: attempt.supportCode,
          factors: ['card'],
          reason: body.reason,
        });
        return succeed({});
      }),
  } satisfies Partial<Handlers>;
};

/** A terminal reached for what belongs to another one. */
export const recordForeign = async (
  tx: Transaction,
  now: Date,
  what: Pick<Parameters<typeof record>[2], 'terminal' | 'attempt' | 'session' | 'ceremony'>,
): Promise<void> => {
  await record(tx, now, { kind: 'request.refused', outcome: 'serious', reason: 'other-terminal', ...what });
};

function whyRefused(known: KnownCard | undefined, factors: number): string | undefined {
  if (!known) return 'unknown-card';
  if (known.cardState !== 'active') return 'card-revoked';
  if (known.person.state !== 'active') return 'person-suspended';
  return factors === 0 ? 'no-usable-factor' : undefined;
}
