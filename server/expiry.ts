import type { ServerDeps } from './deps.ts';
import { expireSubstitutes } from './people/end-substitutes.ts';
import { abandonExpiredAttempts } from './store/attempts.ts';
import { expireCeremonies } from './store/ceremonies.ts';
import type { Transaction } from './store/database.ts';
import { record } from './store/events.ts';
import { forgetNonces } from './store/nonces.ts';
import { forgetChallenges } from './store/passkeys.ts';
import { endExpiredSessions, endIdleSessions } from './store/sessions.ts';

const interval = 5000;

/** Ends what has passed its time: attempts, enrolment steps, and sessions at their limits, each with its event. */
export const expire = (deps: Pick<ServerDeps, 'database' | 'now' | 'push' | 'policy'>): Promise<void> =>
  deps.database.transaction(async (tx) => {
    const now = deps.now();
    await forgetChallenges(tx, now);
    await forgetNonces(tx, now);
    await expireAttempts(tx, now);
    await expireSubstitutes(tx, now);
    for (const { id: ceremony, person, askedBy: actor, terminal } of await expireCeremonies(tx, now)) {
      const facts = { kind: 'ceremony.ended', outcome: 'minor', reason: 'too-slow' } as const;
      await record(tx, now, { ...facts, terminal, person, actor, ceremony });
      await deps.push.toTerminal(tx, terminal, { kind: 'ceremony-cancelled', ceremony });
    }
    const { idleSeconds } = deps.policy().session;
    const over = { limit: await endExpiredSessions(tx, now), idle: await endIdleSessions(tx, now, idleSeconds) };
    for (const [reason, sessions] of Object.entries(over)) {
      for (const { id: session, terminal, person, card, attempt } of sessions) {
        const facts = { kind: 'session.ended', outcome: 'success', reason } as const;
        await record(tx, now, { ...facts, terminal, person, card, attempt, session });
        await deps.push.toTerminal(tx, terminal, { kind: 'session-ended', session, reason });
      }
    }
  });

async function expireAttempts(tx: Transaction, now: Date): Promise<void> {
  for (const { id: attempt, terminal, person, card, supportCode, factors } of await abandonExpiredAttempts(tx, now)) {
    const facts = { kind: 'attempt.abandoned', outcome: 'minor', reason: 'too-slow' } as const;
    await record(tx, now, { ...facts, terminal, person, card, attempt, supportCode, factors });
  }
}

/** Answers how to stop. */
export const startExpiry = (deps: Pick<ServerDeps, 'database' | 'now' | 'push' | 'policy' | 'log'>): (() => void) => {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    expire(deps)
      .catch((problem: unknown) => deps.log.warn({ err: problem }, 'what has passed its time could not be ended'))
      .finally(() => {
        running = false;
      });
  }, interval);
  return () => clearInterval(timer);
};
