import type { CardId, CredentialId, PersonId } from '#contract/ids.ts';
import { revokeCard, tryGetCard, tryGetHolder } from '../store/cards.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import { type CredentialKind, dropPendingSeed } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { dropInvitations } from '../store/invitations.ts';
import { touchPerson, tryLockPerson } from '../store/people.ts';
import { issueRevocation } from '../store/revocations.ts';
import type { Author } from './author.ts';
import { endSubstitutes } from './end-substitutes.ts';
import { cancelCeremonies, endSessionsOfPerson } from './suspend.ts';

/** A card whose row is held. */
export interface HeldCard {
  readonly card: CardId;
  /** Null for a loan card. */
  readonly person: PersonId | null;
}

/** A card opens nothing any more, for good: sessions and what it stood for end. Answers the number of its revocation. */
export const takeCardAway = async (
  tx: Transaction,
  now: Date,
  { card, person: owner }: HeldCard,
  author: Author,
  reason: string,
): Promise<number> => {
  const { actor, terminal, detail } = author;
  // Whose it is, or whom it was lent, before all who issue revocations wait for this one.
  const holder = owner ?? (await tryGetHolder(tx, card));
  if (holder !== null) await tryLockPerson(tx, holder);
  await revokeCard(tx, now, card, { by: actor, reason });
  const summary = await tryGetCard(tx, card);
  await record(tx, now, {
    kind: 'card.revoked',
    outcome: 'success',
    person: owner,
    actor,
    terminal,
    card,
    reason,
    detail: { ...detail, label: summary?.label ?? '', ending: summary?.ending ?? '' },
  });
  const { ended } = await endSubstitutes(tx, now, { card }, { reason: 'card-revoked', by: actor });
  const person = owner ?? ended[0]?.person ?? null;
  if (person !== null) await endSessionsOfPerson(tx, now, person, author);
  const revocation = await issueRevocation(tx, now, { what: 'card', subject: card, person, reason, by: actor });
  if (owner !== null) await touchPerson(tx, now, owner);
  else await tx.notify('changed', { what: 'loan-cards' });
  return revocation;
};

export interface DisabledFactor {
  readonly credential: CredentialId;
  readonly person: PersonId;
  readonly kind: CredentialKind;
}

/**
 * What follows from a factor that was just disabled: what it opened ends, and so does whatever is under way to set it anew,
 * for that may be in the same hands. Answers the number of its revocation.
 */
export const withdrawFactor = async (
  tx: Transaction,
  now: Date,
  { credential, person, kind }: DisabledFactor,
  author: Author,
  reason: string,
): Promise<number> => {
  const { actor, terminal, detail } = author;
  await record(tx, now, {
    kind: 'credential.revoked',
    outcome: 'success',
    person,
    actor,
    terminal,
    factors: [kind === 'initial' ? 'initial-secret' : kind],
    reason,
    detail,
  });
  await endSessionsOfPerson(tx, now, person, author);
  if (kind === 'password' || kind === 'totp') {
    await endConsoleSessionsOf(tx, now, person);
    await dropInvitations(tx, person);
    await dropPendingSeed(tx, person);
  } else await cancelCeremonies(tx, now, person, author, 'pin');
  const what = { what: 'credential', subject: credential } as const;
  const revocation = await issueRevocation(tx, now, { ...what, person, reason, by: actor });
  await touchPerson(tx, now, person);
  return revocation;
};

/**
 * A PIN was put out of force or replaced: no terminal lets anybody in by it without the server any more, and what is open
 * goes on. Whoever calls needs no other lock after this.
 */
export const forgetPin = async (tx: Transaction, now: Date, person: PersonId, by: PersonId): Promise<void> => {
  // Its person for the credential, and no person whose sessions end.
  const what = { what: 'credential', subject: person, person: null } as const;
  await issueRevocation(tx, now, { ...what, reason: 'pin-replaced', by });
};
