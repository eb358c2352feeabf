import type { Opened } from '#contract/api/logins.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { EmergencyReason } from '#contract/cardless.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import { type EmergencyRefusal, refuseEmergency } from '#core/policy/emergency.ts';
import type { ServerDeps } from '../deps.ts';
import { takeTurn } from '../store/attempts.ts';
import { tryLockCard } from '../store/cards.ts';
import { clearCodes } from '../store/code-tries.ts';
import { holdShown } from '../store/credentials.ts';
import { type Transaction, violates } from '../store/database.ts';
import { tryInsertEmergency, tryUseCode } from '../store/emergencies.ts';
import { record } from '../store/events.ts';
import { tryLockPerson } from '../store/people.ts';
import { tryFindOutcome } from '../store/proof-answers.ts';
import { endSessionsAt } from '../store/sessions.ts';
import { tryLockActive } from '../store/terminals.ts';
import { createUuid } from '../store/uuid.ts';
import { createToken, hashToken } from '../tokens.ts';
import { about, type EmergencyTicket } from './emergency-ticket.ts';
import { makeGrant } from './grant.ts';
import type { ProofKey } from './proof-key.ts';
import { createOpenAgain } from './recall.ts';

/** Why nothing opens, for the log alone. */
export type WhyShut =
  | EmergencyRefusal
  | 'nobody-named'
  | 'terminal-revoked'
  | 'witness-card'
  | 'witness-factor'
  | 'code-used'
  | 'opened-before'
  | 'overtaken';

/** In one order, whoever vouches for whom. */
const lockPeople = async (tx: Transaction, ids: readonly (PersonId | null)[]) => {
  const parties = new Map<PersonId | null, PersonSummary>();
  for (const id of ids.filter((one) => one !== null).sort()) {
    const person = await tryLockPerson(tx, id);
    if (person) parties.set(id, person);
  }
  return parties;
};

/** Whatever was open there ends first. */
const endOpen = async (tx: Transaction, now: Date, terminal: TerminalId): Promise<void> => {
  for (const { id: session, person, card, attempt } of await endSessionsAt(tx, now, 'other-card', terminal)) {
    const facts = { kind: 'session.ended', outcome: 'success', reason: 'other-card' } as const;
    await record(tx, now, { ...facts, terminal, person, card, attempt, session });
  }
};

/**
 * Opens a terminal for who was named: the code dies, an alarm is recorded and a review begins, all with the session. What
 * comes again with the same key is answered with that session.
 */
export const createEmergencyOpen = (deps: ServerDeps) => {
  const { database, secrets, policy, now: clock } = deps;
  const openAgain = createOpenAgain(deps);
  const whyShut = async (tx: Transaction, ticket: EmergencyTicket): Promise<WhyShut | null> => {
    const { means, person } = ticket;
    // Held before the people, as by who revokes it.
    const card = means.kind === 'witness' && means.card !== null ? await tryLockCard(tx, means.card) : null;
    if (card !== null && card?.state !== 'active') return 'witness-card';
    const vouching = means.kind === 'witness' ? means.witness : null;
    const parties = await lockPeople(tx, [person, vouching]);
    const colleague = parties.get(person);
    if (!colleague) return 'nobody-named';
    if (!(await tryLockActive(tx, ticket.terminal))) return 'terminal-revoked';
    if (means.kind === 'witness' && !(await holdShown(tx, means.witness, means.shown, new Date(ticket.startedAt))))
      return 'witness-factor';
    const witness = vouching === null ? null : (parties.get(vouching) ?? null);
    return refuseEmergency(policy().emergency, { means: means.kind, colleague, witness });
  };

  const open = async (
    tx: Transaction,
    ticket: EmergencyTicket,
    reason: EmergencyReason,
    key: ProofKey | null,
  ): Promise<Opened | WhyShut> => {
    const now = clock();
    const { terminal, lock, attempt, means, person } = ticket;
    await takeTurn(tx, terminal);
    const outcome = key === null ? undefined : await tryFindOutcome(tx, attempt, key.mark);
    if (key !== null && outcome !== undefined && person !== null)
      return openAgain({ terminal, lock, attempt, person }, key, outcome) ?? 'opened-before';
    const shut = await whyShut(tx, ticket);
    if (shut !== null || person === null) return shut ?? 'nobody-named';
    if (means.kind === 'code' && !(await tryUseCode(tx, now, means.code, person))) return 'code-used';
    await endOpen(tx, now, terminal);
    const { emergency, session: limits } = policy();
    const endsAt = new Date(now.getTime() + Math.min(emergency.minutes, limits.minutes) * 60_000);
    const session = createUuid(now) as SessionId;
    const token = key?.tokenOf(session) ?? createToken();
    const begun = { session, person, reason, endsAt, tokenHash: hashToken(token), mark: key?.mark ?? null };
    if (!(await tryInsertEmergency(tx, now, ticket, begun))) return 'opened-before';
    if (means.kind === 'code') {
      await clearCodes(tx, terminal, 'emergency');
      await tx.notify('changed', { what: 'emergency-codes' });
    }
    const facts = { ...about(ticket), session };
    await record(tx, now, { ...facts, kind: 'emergency.opened', outcome: 'major', reason });
    await record(tx, now, { ...facts, kind: 'session.began', outcome: 'success' });
    await tx.notify('changed', { what: 'reviews' });
    await tx.notify('changed', { what: 'terminals' });
    const grant = makeGrant(secrets, now, { terminal, lock, session, attempt, person });
    return { kind: 'open', session, token, grant, endsAt: endsAt.toISOString() };
  };

  return async (ticket: EmergencyTicket, reason: EmergencyReason, key: ProofKey | null): Promise<Opened | WhyShut> => {
    try {
      return await database.transaction((tx) => open(tx, ticket, reason, key));
    } catch (problem) {
      // Another login at this terminal on another server came first.
      if (violates(problem, 'session_open_terminal')) return 'overtaken';
      throw problem;
    }
  };
};
