import type { Answer } from '#contract/api/index.ts';
import type { Opened } from '#contract/api/logins.ts';
import { type FailureCode, fail, type Result, succeed } from '#contract/errors.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { normaliseDigits } from '#core/policy/digits.ts';
import { checkSecret, matchTotp, tryOpenSeed } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue, Place } from '../hash-queue.ts';
import { renewHash } from '../renewals.ts';
import { endAttempt } from '../store/attempts.ts';
import { tryUseNonce } from '../store/nonces.ts';
import { acceptPart, findElsewhere, listProved } from '../store/parts.ts';
import type { Begun } from './begun.ts';
import type { Emergency } from './emergency.ts';
import { about } from './events.ts';
import { createFirstPin } from './first-pin.ts';
import { createOpen } from './open.ts';
import type { Pauses } from './pauses.ts';
import { createRefuse } from './refuse.ts';
import { createReserve, type ReservedTry } from './reserve.ts';
import type { Ticket } from './ticket.ts';

export type ProveFailure = Extract<
  FailureCode,
  'PROOF_WRONG' | 'PROOF_LOCKED' | 'ATTEMPT_ENDED' | 'TERMINAL_OTHER' | 'CARD_REFUSED' | 'SERVER_BUSY'
>;
type Proving = Promise<Result<Answer<'attempts/prove'>, ProveFailure>>;
type Verdict = { readonly kind: 'right'; readonly step: number | null } | { readonly kind: 'wrong' | 'damaged' };

/** What was typed, as it was hashed. */
const pinOf = (typed: string): string => normaliseDigits(typed) ?? typed;

/** The way of a proof: pause, place, count, look, conclude. */
export const createProver = (
  deps: ServerDeps,
  { queue, pauses, emergency, begun }: { queue: HashQueue; pauses: Pauses; emergency: Emergency; begun: Begun },
) => {
  // Who will wait for a turn to be hashed loses nothing by waiting a part of that for company: together they are one statement.
  const patience = () => queue.wait() / 3;
  const reserve = createReserve(deps, patience);
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

  const refuseConcluded = (
    ticket: Ticket,
    factor: AskedFactor | 'grace',
    why: 'card' | 'nonce' | 'replayed' | 'ended',
  ) =>
    why === 'card'
      ? refuse.barred(ticket, factor)
      : refuse.twice(ticket, factor, why === 'nonce' ? 'nonce-used' : 'attempt-ended');

  /** All that policy wants was shown: a session, unless the person is to be asked about another one first. */
  const finish = async (
    ticket: Ticket,
    factors: readonly (AskedFactor | 'grace')[],
    choice: 'end-there' | 'keep-both' | null,
  ) => {
    const { elsewhere } = deps.policy().session;
    const endElsewhere = elsewhere === 'end-first' || (elsewhere === 'ask' && choice === 'end-there');
    const opened = await open({ ticket, factors, accepted: null, endElsewhere });
    if (typeof opened !== 'string') return succeed(opened);
    return refuseConcluded(ticket, factors.at(-1) ?? 'grace', opened);
  };

  type Accepted = NonNullable<Parameters<typeof open>[0]['accepted']>;

  /** The plain case: one factor, and nothing to ask. One statement writes all of it. */
  const openAtOnce = async (ticket: Ticket, factor: AskedFactor, accepted: Accepted) => {
    const endElsewhere = deps.policy().session.elsewhere === 'end-first';
    const opened = await open({ ticket, factors: [factor], accepted, endElsewhere });
    if (typeof opened !== 'string') return succeed(opened);
    if (opened === 'replayed') return opened;
    return refuseConcluded(ticket, factor, opened);
  };

  /** Who vouches for a colleague has shown all that policy wants of them: nothing opens for themself. */
  const vouch = async (ticket: Ticket, factor: AskedFactor, factors: readonly AskedFactor[]) => {
    const ended = await deps.database.transaction(async (tx) => {
      const { attempt, proof } = ticket;
      const nonce = proof && { id: Buffer.from(proof.nonce, 'base64url'), until: proof.until };
      if (nonce !== null && !(await tryUseNonce(tx, nonce, attempt))) return false;
      return endAttempt(tx, deps.now(), attempt, 'accepted', about(ticket, factors).factors);
    });
    if (!ended) return refuse.twice(ticket, factor);
    const { terminal, lock, address, person } = ticket;
    const begun = await emergency.byWitness({ terminal, lock, address }, person);
    return succeed({ kind: 'witnessed' as const, ...begun });
  };

  /** Notes the factor at the attempt and says what is still wanted. */
  const goOn = async (ticket: Ticket, factor: AskedFactor, accepted: Accepted) => {
    const part = await acceptPart(deps.database, deps.now(), ticket, { ...accepted, factor });
    if (part === 'replayed') return part;
    if (part === 'ended') return refuse.twice(ticket, factor);
    const [missing, ...others] = ticket.all ? ticket.factors.filter((one) => !part.includes(one)) : [];
    if (missing !== undefined) return succeed({ kind: 'more' as const, factors: [missing, ...others] });
    if (ticket.purpose === 'witness') return vouch(ticket, factor, part);
    const asks = deps.policy().session.elsewhere === 'ask';
    const there = asks ? await findElsewhere(deps.database, deps.now(), ticket) : undefined;
    if (there === undefined) return finish(ticket, part, null);
    return succeed({ kind: 'elsewhere' as const, terminal: there.name, since: there.since.toISOString() });
  };

  const letChoose = async (ticket: Ticket, factor: AskedFactor, accepted: Accepted) => {
    const begun = await beginFirstPin(ticket, accepted);
    if (begun === 'replayed') return begun;
    return typeof begun === 'string' ? refuseConcluded(ticket, factor, begun) : succeed(begun);
  };

  const prove = async (ticket: Ticket, factor: AskedFactor, secret: string, place: Place | null): Proving => {
    const reserved = await reserve(ticket, factor, begun.factorsOf(ticket));
    if (reserved.kind !== 'reserved') return refuse.unreserved(ticket, factor, reserved);
    pauses.count(ticket.terminal, deps.now().getTime());
    const { factor: known } = reserved.try;
    const verdict = await evaluate(ticket, factor, secret, reserved.try, place);
    if (verdict.kind !== 'right') return refuse.wrong(ticket, factor, reserved.try, verdict.kind);
    const accepted = { id: known.id, setAt: known.setAt, step: verdict.step };
    const plain = ticket.purpose === 'login' && !ticket.all && deps.policy().session.elsewhere !== 'ask';
    const next = factor === 'initial' ? letChoose : plain ? openAtOnce : goOn;
    const outcome = await next(ticket, factor, accepted);
    if (outcome === 'replayed') return refuse.wrong(ticket, factor, reserved.try, 'replayed');
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

  return {
    byGrace: async (ticket: Ticket, isOvertaken: boolean): Proving => {
      const over = whyOver(ticket, isOvertaken);
      if (over !== undefined) return refuse.ended(ticket, 'grace', over);
      if (ticket.grace === null || ticket.grace.until <= deps.now().getTime()) return refuse.twice(ticket, 'grace');
      return finish(ticket, ['grace'], null);
    },

    bySecret: async (
      ticket: Ticket,
      isOvertaken: boolean,
      { factor, secret }: { readonly factor: AskedFactor; readonly secret: string },
    ): Proving => {
      const over = whyOver(ticket, isOvertaken);
      if (over !== undefined) return refuse.ended(ticket, factor, over);
      if (!ticket.factors.includes(factor)) return refuse.unreserved(ticket, factor, { kind: 'absent' });
      const wait = pauses.wait(ticket.terminal, deps.now().getTime());
      if (wait !== undefined) return fail('SERVER_BUSY', { retryAfterSeconds: wait });
      const place = factor === 'totp' ? null : queue.tryEnter();
      if (place === undefined) return fail('SERVER_BUSY', { retryAfterSeconds: 1 });
      try {
        return await prove(ticket, factor, secret, place);
      } finally {
        place?.leave();
      }
    },

    settle: async (
      ticket: Ticket,
      isOvertaken: boolean,
      choice: 'end-there' | 'keep-both',
    ): Promise<Result<Opened, 'ATTEMPT_ENDED' | 'CARD_REFUSED'>> => {
      const over = ticket.purpose === 'witness' ? 'attempt-abandoned' : whyOver(ticket, isOvertaken);
      if (over !== undefined) return refuse.ended(ticket, ticket.factors[0] ?? 'pin', over);
      const proved = await listProved(deps.database, ticket);
      const enough = ticket.all
        ? ticket.factors.every((factor) => proved.includes(factor))
        : ticket.factors.some((factor) => proved.includes(factor));
      if (!enough) return refuse.twice(ticket, ticket.factors[0] ?? 'pin');
      return finish(ticket, proved, choice);
    },
  };
};
export type Prover = ReturnType<typeof createProver>;
