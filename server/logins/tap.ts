import type { Answer, Input } from '#contract/api/index.ts';
import type { CardEvidence } from '#contract/card.ts';
import { fail, type Outcome, type Result, succeed } from '#contract/errors.ts';
import type { AttemptId, TerminalId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { isRandomIdentifier } from '#core/card/identifier.ts';
import { graceUntil, type LastSession } from '#core/policy/decide.ts';
import { usableFactors } from '#core/policy/factors.ts';
import { createBatch } from '../batch.ts';
import { byNumber } from '../cards/cards.ts';
import { type JudgedProof, type ProofReason, proofReasons, whyNotPinned } from '../cards/proof.ts';
import { makeSupportCode } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { createNetworks } from '../networks.ts';
import { renewCardIndex } from '../renewals.ts';
import type { TerminalSender } from '../routes/handlers.ts';
import { toEventRow } from '../store/event-rows.ts';
import { record } from '../store/events.ts';
import { tryUseNonce } from '../store/nonces.ts';
import { lookUpTaps, type Tap, type TapFacts } from '../store/taps.ts';
import { createUuid } from '../store/uuid.ts';
import type { Begun } from './begun.ts';
import { type Ticket, writeTicket } from './ticket.ts';

type Body = Input<'attempts/begin'>['body'];

/** What comes of a tap: whom to greet and what to ask for, or why nothing opens, for the log alone. */
type Judged =
  | {
      readonly ok: true;
      readonly card: NonNullable<TapFacts['card']>;
      readonly person: NonNullable<TapFacts['person']>;
      readonly factors: readonly [AskedFactor, ...AskedFactor[]];
      readonly all: boolean;
      readonly grace: Ticket['grace'];
    }
  | { readonly ok: false; readonly reason: string; readonly outcome: Outcome; readonly rule: string | null };

/** Answers taps. It reads the database once, for all taps of a moment together, and writes only what it refuses. */
export const createTaps = (deps: ServerDeps, begun: Begun) => {
  const { database, logins, secrets } = deps;
  const lookUps = createBatch<Tap, TapFacts>({ lanes: 2, run: (taps) => lookUpTaps(logins, taps) });

  const lookUp = async (card: CardEvidence, proof: JudgedProof, terminal: TerminalId): Promise<TapFacts> => {
    const proven = proof.kind === 'proven' ? proof : null;
    const tap = { terminal, nonce: proven?.nonce.id ?? null, authority: proven?.authority ?? null };
    const facts = await lookUps.add({ ...tap, indexes: secrets.cardIndexes(card) });
    if (facts.byOldKey) renewCardIndex(deps, card);
    if (facts.card !== null || proven === null || card.uid === undefined) return facts;
    // Nobody has enrolled it by its key; it may be known by its number from before.
    const numbered = byNumber(card.uid);
    const known = await lookUps.add({ ...tap, indexes: secrets.cardIndexes(numbered) });
    if (known.byOldKey) renewCardIndex(deps, numbered);
    return known;
  };

  /** Undefined when the card is what it says it is, as far as it says anything. */
  const whyUnproven = ({ card, nonceUsed, authorityListed }: TapFacts, proof: JudgedProof): ProofReason | undefined => {
    if (proof.kind === 'refused') return proof.reason;
    if (nonceUsed) return 'nonce-used';
    if (proof.kind === 'proven' && !authorityListed) return 'authority-unknown';
    return card === null ? undefined : whyNotPinned(card, proof);
  };

  const judge = (facts: TapFacts, proof: JudgedProof, body: Body, address: string, now: number): Judged => {
    const no = (reason: string, rule: string | null = null) =>
      ({ ok: false, reason, outcome: 'minor', rule }) satisfies Judged;
    const { card, person, group } = facts;
    if (isRandomIdentifier(body.card.technology, body.card.identifier)) return no('random-identifier');
    const unproven = whyUnproven(facts, proof);
    if (unproven !== undefined) return { ...no(unproven), outcome: proofReasons[unproven] };
    if (!card || !person) return no('unknown-card');
    if (card.state !== 'active') return no(`card-${card.state}`);
    if (person.state !== 'active') return no('person-suspended');
    const initial = facts.factors.find(({ kind }) => kind === 'initial');
    const usable = usableFactors(facts.factors, deps.policy().tries, now);
    const mayBegin =
      initial !== undefined && !initial.disabled && (initial.expiresAt ?? 0) > now && (initial.lockedUntil ?? 0) <= now;
    const { roles } = person;
    const isIn = createNetworks(address);
    const decision = deps.policies.decide({ roles, group, assurance: card.assurance, isIn, at: now, usable });
    if (decision.kind === 'refuse') {
      const first = mayBegin && decision.reason === 'no-usable-factor';
      if (first) return { ok: true, card, person, factors: ['initial'], all: false, grace: null };
      return no(decision.reason, decision.rule);
    }
    const { all } = decision;
    const factors: Extract<Judged, { ok: true }>['factors'] =
      mayBegin && !all ? [...decision.factors, 'initial'] : decision.factors;
    return { ok: true, card, person, factors, all, grace: graceOf(facts, body, now) };
  };

  /** The terminal itself must remember the session: a guard or screen that was started anew asks for a secret. */
  const graceOf = ({ card, person, last }: TapFacts, { after }: Body, now: number): Ticket['grace'] => {
    if (!card || !person || last === null || after !== last.id) return null;
    const from = last.openedBy === 'grace' ? last.graceFrom : last.endedAt;
    if (from === null) return null;
    const ended: LastSession = {
      samePerson: last.person === person.id,
      sameCard: last.card === card.id,
      endedAt: from,
      reason: last.reason,
      byFactors: last.openedBy === 'factors' || last.openedBy === 'grace',
    };
    const until = graceUntil(deps.policy(), person.roles, ended, now);
    return until === null ? null : { after: last.id, from, until };
  };

  return async (
    body: Body,
    { terminal, address }: TerminalSender,
    onRefused: () => void,
  ): Promise<Result<Answer<'attempts/begin'>, 'CARD_REFUSED'>> => {
    const proof = deps.cards.judge(body.card, terminal);
    const facts = await lookUp(body.card, proof, terminal);
    const now = deps.now();
    const judged = judge(facts, proof, body, address, now.getTime());
    const supportCode = makeSupportCode();
    const nonce = deps.cards.giveNonce(terminal);
    if (!judged.ok) {
      onRefused();
      await database.transaction(async (tx) => {
        if (proof.kind !== 'none' && proof.nonce !== null) await tryUseNonce(tx, proof.nonce, createUuid(now));
        await record(tx, now, {
          kind: 'attempt.refused',
          outcome: judged.outcome,
          terminal,
          person: facts.person?.id ?? null,
          card: facts.card?.id ?? null,
          supportCode,
          factors: ['card'],
          reason: judged.reason,
          detail: { ...(judged.rule === null ? {} : { rule: judged.rule }), ...timeOf(proof) },
        });
      });
      return fail('CARD_REFUSED', { supportCode, ...(nonce === null ? {} : { nonce }) });
    }
    const { card, person, factors, all, grace } = judged;
    const ticket: Ticket = {
      attempt: createUuid(now) as AttemptId,
      terminal,
      lock: body.lock,
      card: card.id,
      person: person.id,
      supportCode,
      assurance: card.assurance,
      address,
      startedAt: now.getTime(),
      expiresAt: now.getTime() + deps.policy().attempt.seconds * 1000,
      factors: [...factors],
      all,
      grace,
      proof: noteOf(proof),
    };
    begun.add({ ticket, begun: begunEvent(ticket) });
    return succeed({
      attempt: ticket.attempt,
      ticket: writeTicket(secrets, ticket),
      greeting: { person: person.id, name: person.name, number: person.number, roles: [...person.roles] },
      factors: [...factors],
      all,
      grace: grace === null ? null : new Date(grace.until).toISOString(),
      expiresAt: new Date(ticket.expiresAt).toISOString(),
      supportCode,
      nonce,
    });
  };
};

const timeOf = (proof: JudgedProof) =>
  proof.kind === 'none' || proof.milliseconds === undefined ? {} : { proofMilliseconds: proof.milliseconds };

const noteOf = (proof: JudgedProof): Ticket['proof'] => {
  if (proof.kind !== 'proven') return null;
  const { nonce, milliseconds, slow } = proof;
  return { nonce: nonce.id.toString('base64url'), until: nonce.until, milliseconds, slow };
};

/** The event of a tap that was let in, at the time of the tap, whenever it is written. */
export const begunEvent = (ticket: Ticket) =>
  toEventRow(new Date(ticket.startedAt), {
    kind: 'attempt.begun',
    outcome: 'success',
    terminal: ticket.terminal,
    person: ticket.person,
    card: ticket.card,
    attempt: ticket.attempt,
    supportCode: ticket.supportCode,
    factors: ['card'],
    detail: {
      assurance: ticket.assurance,
      ...(ticket.proof === null ? {} : { proofMilliseconds: ticket.proof.milliseconds }),
      ...(ticket.proof?.slow ? { slow: true } : {}),
    },
  });
