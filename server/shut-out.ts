import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './store/database.ts';
import { record } from './store/events.ts';
import { issueRevocation } from './store/revocations.ts';
import { endSessionsAt } from './store/terminals.ts';

export interface ShuttingOut {
  readonly reason: string;
  readonly actor: PersonId | null;
  /** It is disabled, and may be enabled again. */
  readonly forNow?: true;
}

/** Ends every connection of a terminal, on all server processes, when the transaction commits. */
export const cutConnections = (tx: Transaction, terminal: TerminalId): Promise<void> => tx.notify('cut', { terminal });

/**
 * Ends whatever a terminal has open here, and cuts it off: one that is revoked for good, one that is disabled until it comes
 * again and hears that it is. Its row says so already. Answers the revocation's number.
 */
export const shutOut = async (
  tx: Transaction,
  at: Date,
  terminal: TerminalId,
  { reason, actor, forNow }: ShuttingOut,
): Promise<number> => {
  const why = forNow ? 'terminal-disabled' : 'terminal-revoked';
  for (const ended of await endSessionsAt(tx, at, terminal, why)) {
    await record(tx, at, {
      kind: 'session.ended',
      outcome: 'success',
      person: ended.person,
      actor,
      terminal,
      card: ended.card,
      attempt: ended.attempt,
      session: ended.id,
      reason: why,
    });
  }
  const outcome = actor === null ? 'major' : 'success';
  const kind = forNow ? 'terminal.disabled' : 'terminal.revoked';
  await record(tx, at, { kind, outcome, actor, terminal, reason });
  const order = { what: 'terminal', subject: terminal, person: null, reason, by: actor } as const;
  const revocation = await issueRevocation(tx, at, { ...order, ...(forNow && { forNow }) });
  await cutConnections(tx, terminal);
  await tx.notify('changed', { what: 'terminals' });
  return revocation;
};
