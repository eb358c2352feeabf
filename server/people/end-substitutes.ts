import type { SubstituteEnd } from '#contract/api/people.ts';
import type { CardId, PersonId, TerminalId } from '#contract/ids.ts';
import { lockCardsOf, tryReturnCards } from '../store/cards.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { tryLockPerson } from '../store/people.ts';
import { issueRevocation } from '../store/revocations.ts';
import { endSessionsBy } from '../store/sessions.ts';
import {
  type CardUse,
  type EndedSubstitute,
  endSpentSubstitutes,
  endSubstitutesWhere,
  listReplacedSince,
} from '../store/substitutes.ts';

const noteEnd = async (
  tx: Transaction,
  now: Date,
  { id, person, kind, card, reason }: EndedSubstitute,
  by: PersonId | null,
  why: string | null,
): Promise<void> => {
  await record(tx, now, {
    kind: 'substitute.ended',
    outcome: 'success',
    person,
    actor: by,
    card,
    factors: [kind === 'code' ? 'substitute-code' : 'loan-card'],
    reason,
    detail: { substitute: id, ...(why === null ? {} : { why }) },
  });
  await tx.notify('changed', { what: 'people' });
  if (card !== null) await tx.notify('changed', { what: 'loan-cards' });
};

interface How {
  readonly reason: SubstituteEnd;
  readonly by: PersonId | null;
  /** What somebody said about it. */
  readonly why?: string;
}

/**
 * What stood for a card ends, and with it every session that it opened: each gets a numbered revocation, which its
 * terminal confirms. Answers what ended and the numbers.
 */
export const endSubstitutes = async (
  tx: Transaction,
  now: Date,
  which: Parameters<typeof endSubstitutesWhere>[2],
  { reason, by, why }: How,
): Promise<{ readonly ended: readonly EndedSubstitute[]; readonly revocations: number[] }> => {
  const ended = await endSubstitutesWhere(tx, now, which, { reason, by });
  const revocations: number[] = [];
  for (const one of ended) {
    await noteEnd(tx, now, one, by, why ?? null);
    for (const session of await endSessionsBy(tx, now, 'substitute-ended', one.id)) {
      await record(tx, now, {
        kind: 'session.ended',
        outcome: 'success',
        terminal: session.terminal,
        person: one.person,
        actor: by,
        card: session.card,
        attempt: session.attempt,
        session: session.id,
        reason: 'substitute-ended',
      });
      // Without its person: their sessions by their own card go on.
      const what = { what: 'session', subject: session.id, person: null } as const;
      revocations.push(await issueRevocation(tx, now, { ...what, reason: `substitute-${reason}`, by }));
    }
  }
  return { ended, revocations };
};

/** A card that was left at home has been used with the right factors: what stood for it ends. */
export const recordReturn = async (
  tx: Transaction,
  now: Date,
  { person, card, terminal }: { readonly person: PersonId; readonly card: CardId; readonly terminal: TerminalId },
): Promise<void> => {
  await record(tx, now, { kind: 'card.returned', outcome: 'success', person, card, terminal, factors: ['card'] });
  await tx.notify('changed', { what: 'people' });
  await endSubstitutes(tx, now, { person }, { reason: 'returned', by: null });
};

/** A forgotten card that was used without the server, where. */
export interface OfflineReturn extends CardUse {
  readonly terminal: TerminalId;
}

/**
 * Of such uses of cards, told of afterwards, those that end what stands for the card: what was given out since then stays,
 * for the card was forgotten after that use of it. Their cards and people are held until the transaction ends, in one order
 * and before any of their factors: whoever ends a substitute waits for all who issue revocations, and nobody may wait for
 * anything of these people meanwhile.
 */
export const holdOfflineReturns = async (
  tx: Transaction,
  uses: readonly OfflineReturn[],
): Promise<readonly OfflineReturn[]> => {
  const replaced = await listReplacedSince(tx, uses);
  const people = [...new Set(replaced.map(({ person }) => person))].sort();
  for (const person of people) await lockCardsOf(tx, person);
  for (const person of people) await tryLockPerson(tx, person);
  // Another may have been given out until they were held.
  return listReplacedSince(tx, replaced);
};

/** Ends what stands for these cards. Who calls has held them so, and needs no other lock after this. */
export const recordOfflineReturns = async (
  tx: Transaction,
  now: Date,
  held: readonly OfflineReturn[],
): Promise<void> => {
  for (const use of held) if (await tryReturnCards(tx, use.person, use.card)) await recordReturn(tx, now, use);
};

/** Ends those whose time or uses are over. Sessions that they opened end at their own limit, which is no later. */
export const expireSubstitutes = async (tx: Transaction, now: Date): Promise<void> => {
  for (const ended of await endSpentSubstitutes(tx, now)) await noteEnd(tx, now, ended, null, null);
};
