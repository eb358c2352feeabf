import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { normaliseDigits } from '#core/policy/digits.ts';
import { checkSecret, matchTotp, tryOpenSeed } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue, Place } from '../hash-queue.ts';
import { renewHash } from '../renewals.ts';
import { endAttempt } from '../store/attempts.ts';
import { listUsableFactors } from '../store/credentials.ts';
import { tryUseNonce } from '../store/nonces.ts';
import { acceptPart, findElsewhere, listProved } from '../store/parts.ts';
import { keepAnswer, type ProofFailure, type ProofOutcome } from '../store/proof-answers.ts';
import type { Begun } from './begun.ts';
import type { Emergency } from './emergency.ts';
import { about } from './events.ts';
import { createFirstPin } from './first-pin.ts';
import { createOpen } from './open.ts';
import type { Pauses } from './pauses.ts';
import type { ProofKey, Shown } from './proof-key.ts';
import { createRecall } from './recall.ts';
import { createRefuse } from './refuse.ts';
import { createReserve, type ReservedTry } from './reserve.ts';
import type { Ticket } from './ticket.ts';

type Proving = Promise<Result<Answer<'attempts/prove'>, ProofFailure>>;
type Verdict = { readonly kind: 'right'; readonly step: number | null } | { readonly kind: 'wrong' | 'damaged' };

/** What was typed, as it was hashed. */
const pinOf = (typed: string): string => normaliseDigits(typed) ?? typed;

/** After every factor there is a session, or none any more. */
const toSettled = async (proving: Proving): Promise<Result<Opened, 'ATTEMPT_ENDED' | 'CARD_REFUSED'>> => {
  const proved = await proving;
  if (proved.ok && proved.value.kind === 'open') return succeed(proved.value);
  const { code, ...details } = proved.ok ? { code: proved.value.kind } : proved.failure;
  if (code === 'ATTEMPT_ENDED' || code === 'CARD_REFUSED') return fail(code, details);
  throw new Error(`an attempt was settled with ${code}`);
};

/** The way of a proof: pause, place, count, look, conclude. */
export const createProver = (
  deps: ServerDeps,
  { queue, pauses, emergency, begun }: { queue: HashQueue; pauses: Pauses; emergency: Emergency; begun: Begun },
) => {
  // Who will wait for a turn to be hashed loses nothing by waiting a part of that for company: together they are one statement.
  const patience = () => queue.wait() / 3;
  const { reserve, look } = createReserve(deps, patience);
  const recall = createRecall(deps);
  const refuse = createRefuse(deps);
  const open = createOpen(deps, begun, patience);
  const beginFirstPin = createFirstPin(deps);

  const evaluate = async (
    ticket: Ticket,
    factor: AskedFactor,
    secret: string,
    reserved: ReservedTry,
    place: Place | null,
  ): Promise<Verdict> => {
    if (factor === 'totp') {
      const seed = tryOpenSeed(deps.secrets, reserved.secret, ticket.person);
      if (seed === undefined) return { kind: 'damaged' };
      const step = matchTotp(seed, secret, deps.now().getTime());
      return step === undefined ? { kind: 'wrong' } : { kind: 'right', step };
    }
    if (place === null) throw new Error('a PIN is checked from a place in the queue only');
    const verdict = await place.run(() => checkSecret(deps.secrets, reserved.secret, pinOf(secret)));
    return verdict === 'right' ? { kind: 'right', step: null } : { kind: verdict };
  };

  const refuseConcluded = (shown: Shown, why: 'card' | 'nonce' | 'replayed' | 'ended') =>
    orAgain(
      shown,
      why === 'card' ? refuse.barred(shown) : refuse.twice(shown, why === 'nonce' ? 'nonce-used' : 'attempt-ended'),
    );

  /** All that policy wants was shown: a session, unless the person is to be asked about another one first. */
  const finish = async (
    shown: Shown,
    factors: readonly (AskedFactor | 'grace')[],
    choice: 'end-there' | 'keep-both' | null,
  ): Proving => {
    const { ticket, key } = shown;
    const { elsewhere } = deps.policy().session;
    const endElsewhere = elsewhere === 'end-first' || (elsewhere === 'ask' && choice === 'end-there');
    const opened = await open({ ticket, factors, accepted: null, endElsewhere, key });
    return typeof opened === 'string' ? refuseConcluded(shown, opened) : succeed(opened);
  };

  type Accepted = NonNullable<Parameters<typeof open>[0]['accepted']>;
  /** What was typed, and where. */
  type Typed = Shown & { readonly factor: AskedFactor };

  /** The plain case: one factor, and nothing to ask. One statement writes all of it. */
  const openAtOnce = async (shown: Typed, accepted: Accepted) => {
    const { ticket, factor, key } = shown;
    const endElsewhere = deps.policy().session.elsewhere === 'end-first';
    const opened = await open({ ticket, factors: [factor], accepted, endElsewhere, key });
    if (typeof opened !== 'string') return succeed(opened);
    return opened === 'replayed' ? opened : refuseConcluded(shown, opened);
  };

  /** Who vouches for a colleague has shown all that policy wants of them: nothing opens for themself. */
  const vouch = async (shown: Shown, factors: readonly AskedFactor[]): Proving => {
    const { ticket, key } = shown;
    const witnessed = await deps.database.transaction(async (tx) => {
      const { attempt, proof, terminal, lock, address, person, card } = ticket;
      const nonce = proof && { id: Buffer.from(proof.nonce, 'base64url'), until: proof.until };
      if (nonce !== null && !(await tryUseNonce(tx, nonce, attempt))) return undefined;
      if (!(await endAttempt(tx, deps.now(), attempt, 'accepted', about(ticket, factors).factors))) return undefined;
      const begun = await emergency.byWitness(tx, { terminal, lock, address }, { person, card, shown: factors });
      const answer = { kind: 'witnessed' as const, ...begun };
      if (key !== null) await keepAnswer(tx, attempt, key.mark, answer);
      return answer;
    });
    return witnessed === undefined ? orAgain(shown, refuse.twice(shown)) : succeed(witnessed);
  };

  /** What comes after these factors were accepted. */
  const goOnFrom = async (shown: Shown, accepted: readonly AskedFactor[]): Proving => {
    const { ticket } = shown;
    const [missing, ...others] = ticket.all ? ticket.factors.filter((one) => !accepted.includes(one)) : [];
    if (missing !== undefined) return succeed({ kind: 'more' as const, factors: [missing, ...others] });
    if (ticket.purpose === 'witness') return vouch(shown, accepted);
    const asks = deps.policy().session.elsewhere === 'ask';
    const there = asks ? await findElsewhere(deps.database, deps.now(), ticket) : undefined;
    if (there === undefined) return finish(shown, accepted, null);
    return succeed({ kind: 'elsewhere' as const, terminal: there.name, since: there.since.toISOString() });
  };

  /** Notes the factor at the attempt and says what is still wanted. */
  const goOn = async (shown: Typed, accepted: Accepted) => {
    const { ticket, factor, key } = shown;
    const part = await acceptPart(deps.database, deps.now(), ticket, { ...accepted, factor, mark: key?.mark ?? null });
    if (part === 'replayed') return part;
    if (part === 'ended') return orAgain(shown, refuse.twice(shown));
    return part === 'answered' ? answerAgain(shown) : goOnFrom(shown, part);
  };

  const letChoose = async (shown: Typed, accepted: Accepted) => {
    const begun = await beginFirstPin(shown.ticket, accepted, shown.key);
    if (begun === 'replayed') return begun;
    return typeof begun === 'string' ? refuseConcluded(shown, begun) : succeed(begun);
  };

  /** What the same proof was answered before. The other one may still be under way, and be overtaken by this one. */
  const answerAgain = async (shown: Shown, known?: ProofOutcome): Proving => {
    const { ticket, factor, key } = shown;
    if (key === null) throw new Error('a proof without a key is never known again');
    const outcome = known ?? (await look(ticket, factor, key.mark));
    if (outcome === null) throw new Error('an answer was not kept');
    const again = await recall(shown, key, outcome);
    if (again === 'part') return goOnFrom(shown, await listProved(deps.database, ticket));
    if (again !== undefined) return again;
    // It has no answer any more. That it came is in the log, each time.
    const state = outcome.state === 'open' ? 'abandoned' : outcome.state;
    return orAgain(shown, refuse.unreserved({ ...shown, key: null }, { kind: 'ended', state }));
  };

  /** A refusal, or what the same proof was answered before. */
  const orAgain = async (shown: Shown, refusing: ReturnType<typeof refuse.twice>): Proving => {
    const refused = await refusing;
    return refused === 'answered' ? answerAgain(shown) : refused;
  };

  const prove = async (shown: Typed, secret: string, place: Place | null): Proving => {
    const { ticket, factor, key } = shown;
    const reserved = await reserve(ticket, factor, key?.mark ?? null, begun.factorsOf(ticket));
    if (reserved.kind === 'answered') return answerAgain(shown, reserved.outcome);
    if (reserved.kind !== 'reserved') return orAgain(shown, refuse.unreserved(shown, reserved));
    if (!reserved.try.again) pauses.count(ticket.terminal, deps.now().getTime());
    const { factor: known } = reserved.try;
    const verdict = await evaluate(ticket, factor, secret, reserved.try, place);
    if (verdict.kind !== 'right') return orAgain(shown, refuse.wrong(shown, reserved.try, verdict.kind));
    const accepted = { id: known.id, setAt: known.setAt, step: verdict.step };
    const plain = ticket.purpose === 'login' && !ticket.all && deps.policy().session.elsewhere !== 'ask';
    const next = factor === 'initial' ? letChoose : plain ? openAtOnce : goOn;
    const outcome = await next(shown, accepted);
    if (outcome === 'replayed') return orAgain(shown, refuse.wrong(shown, reserved.try, 'replayed'));
    if (outcome.ok) pauses.clear(ticket.terminal);
    if (outcome.ok && factor === 'pin')
      renewHash(deps, queue, { id: known.id, secret: reserved.try.secret }, pinOf(secret));
    return outcome;
  };

  /** Whether the attempt takes anything at all; undefined when it does. */
  const whyOver = (ticket: Ticket, isOvertaken: boolean): 'too-late' | 'attempt-abandoned' | undefined => {
    if (ticket.expiresAt <= deps.now().getTime()) return 'too-late';
    return isOvertaken ? 'attempt-abandoned' : undefined;
  };

  /** A lock that came since the tap holds for the card alone as it does for a factor. */
  const mayStillShow = async ({ all, factors, person }: Ticket): Promise<boolean> => {
    const usable = await listUsableFactors(deps.database, person, deps.policy().tries, deps.now());
    const isUsable = (factor: AskedFactor): boolean => usable.some((one) => one === factor);
    return all ? factors.every(isUsable) : factors.some(isUsable);
  };

  /** There is no room to look at a secret; what was answered before can be said in any case. */
  const orBusy = async (shown: Shown, retryAfterSeconds: number): Proving => {
    const { ticket, factor, key } = shown;
    const outcome = key && (await look(ticket, factor, key.mark));
    return outcome === null ? fail('SERVER_BUSY', { retryAfterSeconds }) : answerAgain(shown, outcome);
  };

  return {
    byGrace: async (ticket: Ticket, isOvertaken: boolean, key: ProofKey | null): Proving => {
      const shown = { ticket, factor: 'grace' as const, key };
      const over = whyOver(ticket, isOvertaken);
      if (over !== undefined) return orAgain(shown, refuse.ended(shown, over));
      if (ticket.grace === null || ticket.grace.until <= deps.now().getTime())
        return orAgain(shown, refuse.twice(shown));
      if (!(await mayStillShow(ticket))) return orAgain(shown, refuse.unreserved(shown, { kind: 'locked' }));
      return finish(shown, ['grace'], null);
    },

    bySecret: async (
      ticket: Ticket,
      isOvertaken: boolean,
      { factor, secret }: { readonly factor: AskedFactor; readonly secret: string },
      key: ProofKey | null,
    ): Proving => {
      const shown = { ticket, factor, key };
      const over = whyOver(ticket, isOvertaken);
      if (over !== undefined) return orAgain(shown, refuse.ended(shown, over));
      if (!ticket.factors.includes(factor)) return orAgain(shown, refuse.unreserved(shown, { kind: 'absent' }));
      const wait = pauses.wait(ticket.terminal, deps.now().getTime());
      if (wait !== undefined) return orBusy(shown, wait);
      const place = factor === 'totp' ? null : queue.tryEnter();
      if (place === undefined) return orBusy(shown, 1);
      try {
        return await prove(shown, secret, place);
      } finally {
        place?.leave();
      }
    },

    settle: async (
      ticket: Ticket,
      isOvertaken: boolean,
      choice: 'end-there' | 'keep-both',
      key: ProofKey | null,
    ): Promise<Result<Opened, 'ATTEMPT_ENDED' | 'CARD_REFUSED'>> => {
      const shown = { ticket, factor: ticket.factors[0] ?? ('pin' as const), key };
      const over = ticket.purpose === 'witness' ? 'attempt-abandoned' : whyOver(ticket, isOvertaken);
      if (over !== undefined) return toSettled(orAgain(shown, refuse.ended(shown, over)));
      const proved = await listProved(deps.database, ticket);
      const enough = ticket.all
        ? ticket.factors.every((factor) => proved.includes(factor))
        : ticket.factors.some((factor) => proved.includes(factor));
      if (!enough) return toSettled(orAgain(shown, refuse.twice(shown)));
      return toSettled(finish({ ...shown, factor: proved.at(-1) ?? shown.factor }, proved, choice));
    },
  };
};
export type Prover = ReturnType<typeof createProver>;
