import type { Answer } from '#contract/api/index.ts';
import type { GrantFacts, Opened } from '#contract/api/logins.ts';
import { type Result, succeed } from '#contract/errors.ts';
import type { ServerDeps } from '../deps.ts';
import { tryGetPerson } from '../store/people.ts';
import type { ProofFailure, ProofOutcome } from '../store/proof-answers.ts';
import { isTokenOf } from '../tokens.ts';
import { makeGrant } from './grant.ts';
import type { ProofKey, Shown } from './proof-key.ts';

/** How long (milliseconds) after it was accepted a proof is answered again: as long as its grant held. */
const remembered = 30_000;

/** The session that was opened for the same key, with a new grant, while it is open and for half a minute. */
export const createOpenAgain =
  ({ secrets, now: clock }: Pick<ServerDeps, 'secrets' | 'now'>) =>
  (
    { terminal, lock, attempt, person }: Omit<GrantFacts, 'session' | 'issuedAt' | 'expiresAt'>,
    key: ProofKey,
    { endedAt, session }: Pick<ProofOutcome, 'endedAt' | 'session'>,
  ): Opened | undefined => {
    const now = clock();
    if (endedAt === null || endedAt + remembered <= now.getTime()) return undefined;
    if (session === null || session.ended || session.endsAt <= now.getTime()) return undefined;
    const token = key.tokenOf(session.id);
    if (session.tokenHash === null || !isTokenOf(token, Buffer.from(session.tokenHash, 'hex'))) return undefined;
    const grant = makeGrant(secrets, now, { terminal, lock, session: session.id, attempt, person });
    return { kind: 'open', session: session.id, token, grant, endsAt: new Date(session.endsAt).toISOString() };
  };

/**
 * What a proof was answered before, for the same proof that comes again. `part`: its factor was accepted, and what comes
 * next is to be decided. Undefined when it has no answer any more: the session has ended, or it is too long ago.
 */
export const createRecall = (deps: Pick<ServerDeps, 'database' | 'secrets' | 'now'>) => {
  const openAgain = createOpenAgain(deps);

  return async (
    shown: Shown,
    key: ProofKey,
    { state, answer, endedAt, session }: ProofOutcome,
  ): Promise<Result<Answer<'attempts/prove'>, ProofFailure> | 'part' | undefined> => {
    if (answer?.kind === 'refused') return { ok: false, failure: answer.failure };
    if (answer?.kind === 'part') return state === 'open' ? 'part' : undefined;
    if (endedAt === null || endedAt + remembered <= deps.now().getTime()) return undefined;
    switch (answer?.kind) {
      case undefined: {
        const opened = openAgain(shown.ticket, key, { endedAt, session });
        return opened && succeed(opened);
      }
      case 'witnessed':
        return succeed(answer);
      case 'choose-pin': {
        const person = await tryGetPerson(deps.database, shown.ticket.person);
        const { ceremony, expiresAt } = answer;
        if (person === undefined) return undefined;
        const order = { ceremony, task: 'pin' as const, personName: person.name, byName: '', expiresAt };
        return succeed({ kind: 'choose-pin' as const, order });
      }
    }
  };
};
