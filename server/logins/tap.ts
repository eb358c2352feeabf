import type { Answer, Input } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { CardEvidence } from '#contract/card.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { AttemptId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { isRandomIdentifier } from '#core/card/identifier.ts';
import { graceUntil, type LastSession } from '#core/policy/decide.ts';
import { clinicianRights } from '#core/policy/substitutes.ts';
import { createBatch } from '../batch.ts';
import { byNumber } from '../cards/cards.ts';
import { type JudgedProof, type ProofReason, proofReasons, whyNotPinned } from '../cards/proof.ts';
import { makeSupportCode } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import { renewCardIndex } from '../renewals.ts';
import type { TerminalSender } from '../routes/handlers.ts';
import { wasFactorTaken } from '../store/credentials.ts';
import { record } from '../store/events.ts';
import { tryUseNonce } from '../store/nonces.ts';
import { lookUpTaps, type Tap, type TapFacts } from '../store/taps.ts';
import { createUuid } from '../store/uuid.ts';
import type { Begun } from './begun.ts';
import { createJudge, type Judged, no } from './judge.ts';
import { judgeStanding } from './standing.ts';
import { type Ticket, writeTicket } from './ticket.ts';

type Body = Input<'attempts/begin'>['body'];

type Held =
  | {
      readonly ok: true;
      readonly card: NonNullable<TapFacts['card']>;
      readonly person: PersonSummary;
      readonly returning: boolean;
      readonly substitute: Ticket['substitute'];
    }
  | Extract<Judged, { ok: false }>;

/** Who vouches for a colleague is a clinician with a card of their own in force. */
const whyNoWitness = (
  { emergency }: Policy,
  { kind, state }: NonNullable<TapFacts['card']>,
  { roles }: PersonSummary,
): string | undefined => {
  if (!emergency.witness) return 'witness-off';
  if (kind === 'loan' || state !== 'active') return 'witness-without-own-card';
  return roles.includes('clinician') ? undefined : 'witness-not-a-clinician';
};

/** Answers taps. It reads the database once, for all taps of a moment together, and writes only what it refuses. */
export const createTaps = (deps: ServerDeps, begun: Begun) => {
  const { database, logins, secrets } = deps;
  const judge = createJudge(deps);
  const lookUps = createBatch<readonly Tap[], readonly TapFacts[]>({
    lanes: 1,
    run: async (asked) => {
      const found = await lookUpTaps(logins, asked.flat());
      return asked.map((taps) => found.splice(0, taps.length));
    },
  });

  const lookUp = async (card: CardEvidence, proof: JudgedProof, terminal: TerminalId): Promise<TapFacts> => {
    const proven = proof.kind === 'proven' ? proof : null;
    const tap = { terminal, nonce: proven?.nonce.id ?? null, authority: proven?.authority ?? null };
    // Whom nobody has enrolled by the key may be known by the number from before. Both are looked up in one go, or it
    // would show in the time whether the key is known.
    const numbered = proven === null || card.uid === undefined ? [] : [byNumber(card.uid)];
    const names = [card, ...numbered];
    const found = await lookUps.add(names.map((name) => ({ ...tap, indexes: secrets.cardIndexes(name) })));
    const place = found[0]?.card === null ? names.length - 1 : 0;
    const [facts, name] = [found[place], names[place]];
    if (facts === undefined || name === undefined) throw new Error('a tap was not looked up');
    if (facts.byOldKey) renewCardIndex(deps, name);
    return facts;
  };

  /** Undefined when the card is what it says it is, as far as it says anything. */
  const whyUnproven = ({ card, nonceUsed, authorityListed }: TapFacts, proof: JudgedProof): ProofReason | undefined => {
    if (proof.kind === 'refused') return proof.reason;
    if (nonceUsed) return 'nonce-used';
    if (proof.kind === 'proven' && !authorityListed) return 'authority-unknown';
    return card === null ? undefined : whyNotPinned(card, proof);
  };

  /** What is to be said of the card itself, before its person is looked at. */
  const judgeCard = (facts: TapFacts, proof: JudgedProof, { card: held, purpose }: Body, now: number): Held => {
    const { card, person, substitute } = facts;
    if (isRandomIdentifier(held.technology, held.identifier)) return no('random-identifier');
    const unproven = whyUnproven(facts, proof);
    if (unproven !== undefined) return { ...no(unproven), outcome: proofReasons[unproven] };
    if (!card) return no('unknown-card');
    const returning = card.state === 'suspended' && card.forgotten;
    if (card.state !== 'active' && !returning) return no(`card-${card.state}`);
    if (!person) return no(card.kind === 'loan' ? 'loan-card-in-stock' : 'unknown-card');
    const noWitness = purpose === 'witness' ? whyNoWitness(deps.policy(), card, person) : undefined;
    if (noWitness !== undefined) return no(noWitness);
    const standsFor = substitute === null ? null : judgeStanding(deps.policy(), substitute, now);
    if (standsFor !== null && !standsFor.ok) return standsFor;
    return { ok: true, card, person, returning, substitute: standsFor?.substitute ?? null };
  };

  /** The terminal itself must remember the session: a guard or screen that was started anew asks for a secret. */
  const graceOf = async ({ card, person, last }: TapFacts, { after }: Body, now: number): Promise<Ticket['grace']> => {
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
    if (until === null || (await wasFactorTaken(database, person.id, new Date(from)))) return null;
    return { after: last.id, from, until };
  };

  return async (
    body: Body,
    { terminal, address }: TerminalSender,
    onRefused: () => void,
  ): Promise<Result<Answer<'attempts/begin'>, 'CARD_REFUSED'>> => {
    const proof = deps.cards.judge(body.card, terminal);
    const facts = await lookUp(body.card, proof, terminal);
    const now = deps.now();
    const held = judgeCard(facts, proof, body, now.getTime());
    const plain = held.ok && held.substitute === null && !held.returning && body.purpose === 'login';
    const judged = held.ok
      ? judge({ ...facts, ...held, assurance: held.card.assurance, address, mayChoosePin: plain }, now.getTime())
      : held;
    const supportCode = makeSupportCode();
    const nonce = deps.cards.giveNonce(terminal);
    if (!held.ok || !judged.ok) {
      onRefused();
      await database.transaction(async (tx) => {
        if (proof.kind !== 'none' && proof.nonce !== null) await tryUseNonce(tx, proof.nonce, createUuid(now));
        await record(tx, now, {
          kind: 'attempt.refused',
          outcome: held.ok ? (judged.ok ? 'minor' : judged.outcome) : held.outcome,
          terminal,
          person: facts.person?.id ?? null,
          card: facts.card?.id ?? null,
          supportCode,
          factors: ['card'],
          ...whyNot(held.ok ? judged : held, proof),
        });
      });
      return fail('CARD_REFUSED', { supportCode, ...(nonce === null ? {} : { nonce }) });
    }
    const { card, person, substitute, returning } = held;
    const { factors, all } = judged;
    const grace = plain ? await graceOf(facts, body, now.getTime()) : null;
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
      substitute,
      returning,
      purpose: body.purpose,
      grace,
      proof: noteOf(proof),
    };
    begun.add(ticket, facts.factors);
    const { offline } = deps.policy();
    // What stands for a card has an end and a count of uses that only the server keeps.
    const mayKeep =
      plain &&
      !all &&
      factors.includes('pin') &&
      offline.hours > 0 &&
      offline.assurance.includes(card.assurance) &&
      person.roles.some((role) => offline.roles.includes(role));
    return succeed({ ...sayBegun(secrets, ticket, person), offline: mayKeep, nonce });
  };
};

const timeOf = (proof: JudgedProof) =>
  proof.kind === 'none' || proof.milliseconds === undefined ? {} : { proofMilliseconds: proof.milliseconds };

const noteOf = (proof: JudgedProof): Ticket['proof'] => {
  if (proof.kind !== 'proven') return null;
  const { nonce, milliseconds, slow } = proof;
  return { nonce: nonce.id.toString('base64url'), until: nonce.until, milliseconds, slow };
};

const whyNot = (judged: Judged | Held, proof: JudgedProof) =>
  judged.ok
    ? {}
    : { reason: judged.reason, detail: { ...(judged.rule === null ? {} : { rule: judged.rule }), ...timeOf(proof) } };

/** What a terminal is told of an attempt that was let in. */
export const sayBegun = (
  secrets: ServerDeps['secrets'],
  ticket: Ticket,
  person: PersonSummary,
): Answer<'attempts/begin-by-code'> => ({
  attempt: ticket.attempt,
  ticket: writeTicket(secrets, ticket),
  greeting: {
    person: person.id,
    name: person.name,
    number: person.number,
    roles: ticket.substitute?.fewerRights ? clinicianRights(person.roles) : [...person.roles],
  },
  factors: [...ticket.factors],
  all: ticket.all,
  offline: false,
  grace: ticket.grace === null ? null : new Date(ticket.grace.until).toISOString(),
  expiresAt: new Date(ticket.expiresAt).toISOString(),
  supportCode: ticket.supportCode,
});
