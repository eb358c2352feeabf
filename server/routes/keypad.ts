import type { CardEvidence } from '#contract/card.ts';
import { fail, succeed } from '#contract/errors.ts';
import type { CeremonyId, TerminalId } from '#contract/ids.ts';
import { isRandomIdentifier } from '#core/card/identifier.ts';
import { checkPin } from '#core/policy/pin.ts';
import { byNumber } from '../cards/cards.ts';
import { type ProofReason, type Proven, proofReasons, whyNotPinned } from '../cards/proof.ts';
import { useProof } from '../cards/use-proof.ts';
import { hashSecret } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue } from '../hash-queue.ts';
import { forgetPin } from '../people/take-away.ts';
import { renewCardIndex } from '../renewals.ts';
import { type KnownCard, tryFindAnyCard, tryFindCard, tryGetHolder, tryInsertCard } from '../store/cards.ts';
import { type Ceremony, isOpen, moveCeremony, tryLockCeremony } from '../store/ceremonies.ts';
import { dropInitialSecret, isSet, setSecret } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { type EventToRecord, record } from '../store/events.ts';
import { touchPerson } from '../store/people.ts';
import { recordForeign } from './attempts.ts';
import type { Handlers } from './handlers.ts';

/** The terminal's part of an enrolment step: the card that was held, the PIN that was chosen. */
export const createKeypadRoutes = (deps: ServerDeps, queue: HashQueue) =>
  ({
    'ceremonies/give-card': async ({ params, body }, { terminal }) => {
      const proof = deps.cards.judge(body.card, terminal);
      const given = await deps.database.transaction(async (tx) => {
        const now = deps.now();
        const found = await getOpen(tx, now, params.ceremony, terminal);
        if (!found.ok) return found;
        const ceremony = found.value;
        const own = await lookUp(deps, tx, body.card);
        const { indexes } = own;
        const numbered = body.card.uid === undefined ? undefined : await lookUp(deps, tx, byNumber(body.card.uid));
        const known = own.known ?? numbered?.known;
        const unproven =
          (await useProof(tx, proof, ceremony.id)) ?? (known === undefined ? undefined : whyNotPinned(known, proof));
        if (unproven !== undefined) return refuseUnproven(tx, now, ceremony, known, unproven);
        if (ceremony.task === 'find') return findHolder(tx, now, ceremony, indexes);
        if (ceremony.task === 'pin') return holdOwnCard(tx, now, ceremony, known);
        const proven = proof.kind === 'proven' ? proof : null;
        const held = { evidence: body.card, indexes, otherIndexes: numbered?.indexes ?? [], known, proven };
        return enrolCard(tx, now, ceremony, held);
      });
      return given.ok ? succeed({ ...given.value, nonce: deps.cards.giveNonce(terminal) }) : given;
    },

    'ceremonies/give-pin': async ({ params, body }, { terminal }) => {
      const place = queue.tryEnter();
      if (!place) return fail('SERVER_BUSY', { retryAfterSeconds: 1 });
      try {
        const checked = await deps.database.transaction(async (tx) => {
          const now = deps.now();
          const found = await getOpen(tx, now, params.ceremony, terminal);
          if (!found.ok) return found;
          const ceremony = found.value;
          if (ceremony.task !== 'pin' || ceremony.state !== 'card-held') return fail('CEREMONY_ENDED');
          const verdict = checkPin(body.pin, deps.policy().pin, ceremony.personNumber ?? '');
          if (verdict.ok) return succeed(verdict.pin);
          const facts = { kind: 'pin.refused', outcome: 'minor', reason: verdict.reason } as const;
          await record(tx, now, { ...about(ceremony), ...facts, card: ceremony.card, factors: ['card'] });
          return fail(verdict.code);
        });
        if (!checked.ok) return checked;
        const secret = await place.run(() => hashSecret(deps.secrets, checked.value));
        return await deps.database.transaction(async (tx) => {
          const now = deps.now();
          const found = await getOpen(tx, now, params.ceremony, terminal);
          if (!found.ok) return found;
          const ceremony = found.value;
          const [card] = await tx.query(
            `select 1 from card c join person p on p.id = c.person
              where c.id = $1 and c.state = 'active' and p.state = 'active' for share of c for no key update of p`,
            [ceremony.card],
          );
          const { person } = ceremony;
          if (ceremony.state !== 'card-held' || !card || person === null) return fail('CEREMONY_ENDED');
          const isReplaced = await isSet(tx, person, 'pin');
          await setSecret(tx, now, { person, kind: 'pin', secret, step: null });
          // What an envelope holds is for who has no PIN yet.
          await dropInitialSecret(tx, person);
          const facts = { kind: 'pin.set', outcome: 'success', card: ceremony.card } as const;
          await record(tx, now, { ...about(ceremony), ...facts, factors: ['card', 'pin'] });
          await touchPerson(tx, now, person);
          await moveCeremony(tx, now, ceremony.id, { state: 'done' });
          if (isReplaced) await forgetPin(tx, now, person, ceremony.askedBy);
          return succeed({});
        });
      } finally {
        place.leave();
      }
    },

    'ceremonies/leave': async ({ params }, { terminal }) =>
      deps.database.transaction(async (tx) => {
        const now = deps.now();
        const found = await getOpen(tx, now, params.ceremony, terminal);
        if (!found.ok) return found;
        const facts = { kind: 'ceremony.ended', outcome: 'minor', reason: 'left' } as const;
        await record(tx, now, { ...about(found.value), ...facts });
        await moveCeremony(tx, now, found.value.id, { state: 'cancelled' });
        return succeed({});
      }),
  }) satisfies Partial<Handlers>;

async function getOpen(tx: Transaction, now: Date, id: CeremonyId, terminal: TerminalId) {
  const ceremony = await tryLockCeremony(tx, id);
  if (!ceremony) return fail('CEREMONY_ENDED');
  if (ceremony.terminal !== terminal) {
    await recordForeign(tx, now, { terminal, ceremony: id });
    return fail('TERMINAL_OTHER');
  }
  return isOpen(ceremony, now) ? succeed(ceremony) : fail('CEREMONY_ENDED');
}

/** What is known of a card, and where. */
async function lookUp(deps: ServerDeps, tx: Transaction, card: CardEvidence) {
  const indexes = deps.secrets.cardIndexes(card);
  const known = await tryFindCard(tx, indexes);
  if (known?.byOldKey) renewCardIndex(deps, card);
  return { indexes, known };
}

/** It has a certificate, or was enrolled with one, and did not prove that it is that card. */
async function refuseUnproven(
  tx: Transaction,
  now: Date,
  ceremony: Ceremony,
  known: KnownCard | undefined,
  reason: ProofReason,
) {
  await record(tx, now, {
    ...about(ceremony),
    kind: ceremony.task === 'pin' ? 'pin.refused' : 'card.enrolment-refused',
    outcome: proofReasons[reason],
    reason,
    card: known?.card ?? null,
    factors: ['card'],
  });
  await moveCeremony(tx, now, ceremony.id, { state: 'waiting', problem: 'CARD_UNPROVEN' });
  return fail('CARD_UNPROVEN');
}

/** Before choosing a PIN the person holds a card of theirs: whoever only knows the helpdesk gets no PIN. */
async function holdOwnCard(tx: Transaction, now: Date, ceremony: Ceremony, known: KnownCard | undefined) {
  if (known?.person.id === ceremony.person && known.cardState === 'active') {
    await moveCeremony(tx, now, ceremony.id, { state: 'card-held', card: known.card });
    return succeed({ next: 'choose-pin' as const });
  }
  const facts = { kind: 'pin.refused', reason: 'other-card', card: known?.card ?? null } as const;
  await record(tx, now, { ...about(ceremony), ...facts, outcome: 'minor', factors: ['card'] });
  await moveCeremony(tx, now, ceremony.id, { state: 'waiting', problem: 'CEREMONY_OTHER_CARD' });
  return fail('CEREMONY_OTHER_CARD');
}

/** Says whose card it is. The terminal learns nothing of it. */
async function findHolder(tx: Transaction, now: Date, ceremony: Ceremony, indexes: readonly Buffer[]) {
  const card = await tryFindAnyCard(tx, indexes);
  const person = card === undefined ? null : await tryGetHolder(tx, card);
  const held = { ...about(ceremony), person, card: card ?? null };
  if (card === undefined || person === null) {
    const reason = card === undefined ? 'unknown-card' : 'loan-card-in-stock';
    await record(tx, now, { ...held, kind: 'ceremony.ended', outcome: 'minor', reason, factors: ['card'] });
    await moveCeremony(tx, now, ceremony.id, { state: 'failed', problem: 'CARD_UNKNOWN' });
  } else {
    await record(tx, now, { ...held, kind: 'ceremony.ended', outcome: 'success', reason: 'found', factors: ['card'] });
    await moveCeremony(tx, now, ceremony.id, { state: 'done', card });
  }
  return succeed({ next: 'done' as const });
}

interface Held {
  readonly evidence: CardEvidence;
  readonly indexes: readonly [Buffer, ...Buffer[]];
  readonly otherIndexes: readonly Buffer[];
  /** What was known of the card before. */
  readonly known: KnownCard | undefined;
  readonly proven: Proven | null;
}

async function enrolCard(tx: Transaction, now: Date, ceremony: Ceremony, { known, ...held }: Held) {
  const { person, label, askedBy: by } = ceremony;
  const random = isRandomIdentifier(held.evidence.technology, held.evidence.identifier);
  const card = random ? undefined : await tryInsertCard(tx, now, { person, ...held, label, by });
  if (!card) {
    const code = random ? 'CARD_RANDOM' : 'CARD_TAKEN';
    await record(tx, now, {
      ...about(ceremony),
      kind: 'card.enrolment-refused',
      outcome: 'minor',
      reason: random ? 'random-identifier' : 'card-taken',
      card: random ? null : (known?.card ?? null),
      factors: ['card'],
    });
    await moveCeremony(tx, now, ceremony.id, { state: 'waiting', problem: code });
    return fail(code);
  }
  const { technology, assurance } = card;
  await record(tx, now, {
    ...about(ceremony),
    kind: 'card.enrolled',
    outcome: 'success',
    card: card.id,
    factors: ['card'],
    detail: { technology, assurance, ...(known ? { revokedBefore: true } : {}) },
  });
  if (person === null) await tx.notify('changed', { what: 'loan-cards' });
  else await touchPerson(tx, now, person);
  await moveCeremony(tx, now, ceremony.id, { state: 'done', card: card.id });
  return succeed({ next: 'done' as const });
}

const about = (ceremony: Ceremony) =>
  ({
    terminal: ceremony.terminal,
    person: ceremony.person,
    actor: ceremony.askedBy,
    ceremony: ceremony.id,
  }) satisfies Partial<EventToRecord>;
