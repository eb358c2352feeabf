import { fail, type Result, succeed } from '#contract/errors.ts';
import type { AttemptId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue } from '../hash-queue.ts';
import { createLimit } from '../limit.ts';
import type { Begun } from '../logins/begun.ts';
import { createByCode } from '../logins/by-code.ts';
import { createEmergency } from '../logins/emergency.ts';
import { about } from '../logins/events.ts';
import { createPauses } from '../logins/pauses.ts';
import { createProofKey } from '../logins/proof-key.ts';
import { createProver } from '../logins/prove.ts';
import { createTaps } from '../logins/tap.ts';
import { type Ticket, tryReadTicket } from '../logins/ticket.ts';
import { endAttempt } from '../store/attempts.ts';
import { writeBegun } from '../store/begun.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import type { Handlers, TerminalSender } from './handlers.ts';

/** Far more than hands can hold over a reader in a minute: above it somebody with a terminal's key tries identifiers. */
const refusedCards = { tries: 200, everyMs: 60_000 };

export const createAttemptRoutes = (deps: ServerDeps, { queue, begun }: { queue: HashQueue; begun: Begun }) => {
  const refusals = createLimit(refusedCards);
  const tap = createTaps(deps, begun);
  const pauses = createPauses(() => deps.policy().tries);
  const emergency = createEmergency(deps);
  const prover = createProver(deps, { queue, pauses, emergency, begun });
  const byCode = createByCode(deps, begun);

  /** The ticket of this attempt of this terminal, or a refusal with its event. */
  const readTicket = async (
    attempt: AttemptId,
    given: string,
    { terminal }: TerminalSender,
  ): Promise<Result<Ticket, 'ATTEMPT_ENDED' | 'TERMINAL_OTHER'>> => {
    const ticket = tryReadTicket(deps.secrets, given);
    if (ticket?.attempt !== attempt) {
      await deps.database.transaction((tx) =>
        record(tx, deps.now(), {
          kind: 'proof.replayed',
          outcome: 'serious',
          terminal,
          attempt,
          factors: [],
          reason: 'attempt-unknown',
        }),
      );
      return fail('ATTEMPT_ENDED');
    }
    if (ticket.terminal === terminal) return succeed(ticket);
    const facts = { ...about(ticket, []), terminal, reason: 'other-terminal' };
    await deps.database.transaction(async (tx) => {
      await writeBegun(tx, [ticket]);
      await record(tx, deps.now(), { ...facts, kind: 'proof.refused', outcome: 'serious' });
    });
    return fail('TERMINAL_OTHER');
  };

  return {
    'attempts/begin': async ({ body }, sender) => {
      const { terminal } = sender;
      if (!refusals.allows(terminal, deps.now())) return fail('SERVER_BUSY', { retryAfterSeconds: 60 });
      return tap(body, sender, () => refusals.count(terminal, deps.now()));
    },

    'nonces/give': async (_input, { terminal }) => succeed({ nonce: deps.cards.giveNonce(terminal) }),
    'attempts/begin-by-code': ({ body }, sender) => byCode(body, sender),
    'emergencies/begin': ({ body }, sender) => emergency.byCode(body, sender),
    'emergencies/name': ({ params, body }, sender) => emergency.name(params.attempt, body, sender),
    'emergencies/open': ({ params, body }, sender) => emergency.open(params.attempt, body, sender),

    'attempts/prove': async ({ params, body }, sender) => {
      const read = await readTicket(params.attempt, body.ticket, sender);
      if (!read.ok) return read;
      const ticket = read.value;
      const isOvertaken = begun.isOvertaken(ticket);
      const { idempotencyKey, factor } = body;
      if (!('secret' in body))
        return prover.byGrace(ticket, isOvertaken, createProofKey(idempotencyKey, ticket, factor));
      return prover.bySecret(ticket, isOvertaken, body, createProofKey(idempotencyKey, ticket, factor, body.secret));
    },

    'attempts/settle': async ({ params, body }, sender) => {
      const read = await readTicket(params.attempt, body.ticket, sender);
      if (!read.ok) return read;
      const ticket = read.value;
      const key = createProofKey(body.idempotencyKey, ticket, 'settle', body.choice);
      return prover.settle(ticket, begun.isOvertaken(ticket), body.choice, key);
    },

    'attempts/abandon': async ({ params, body }, sender) => {
      const read = await readTicket(params.attempt, body.ticket, sender);
      if (!read.ok) return read;
      const ticket = read.value;
      return deps.database.transaction(async (tx) => {
        const now = deps.now();
        await writeBegun(tx, [ticket]);
        if (!(await endAttempt(tx, now, ticket.attempt, 'abandoned'))) return fail('ATTEMPT_ENDED');
        const facts = { kind: 'attempt.abandoned', outcome: 'minor', reason: body.reason } as const;
        await record(tx, now, { ...about(ticket, []), ...facts });
        return succeed({});
      });
    },
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
