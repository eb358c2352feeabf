import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Push } from './push.ts';
import type { Transaction } from './store/database.ts';
import { record } from './store/events.ts';
import { issueRevocation } from './store/revocations.ts';
import { endSessionsAt } from './store/terminals.ts';

/** Ends whatever a terminal has open here, and cuts it off. Its row is revoked already. Answers the revocation's number. */
export const createShutOut =
  (push: Pick<Push, 'cut'>) =>
  async (tx: Transaction, at: Date, terminal: TerminalId, reason: string, actor: PersonId | null): Promise<number> => {
    for (const ended of await endSessionsAt(tx, at, terminal, 'terminal-revoked')) {
      await record(tx, at, {
        kind: 'session.ended',
        outcome: 'success',
        person: ended.person,
        actor,
        terminal,
        card: ended.card,
        attempt: ended.attempt,
        session: ended.id,
        reason: 'terminal-revoked',
      });
    }
    const outcome = actor === null ? 'major' : 'success';
    await record(tx, at, { kind: 'terminal.revoked', outcome, actor, terminal, reason });
    const order = { what: 'terminal', subject: terminal, person: null, reason, by: actor } as const;
    const revocation = await issueRevocation(tx, at, order);
    await push.cut(tx, terminal);
    await tx.notify('changed', { what: 'terminals' });
    return revocation;
  };
export type ShutOut = ReturnType<typeof createShutOut>;
