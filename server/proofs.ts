import type { Answer } from '#contract/api/index.ts';
import { type FailureCode, fail, type Result, succeed } from '#contract/errors.ts';
import type { AttemptId, TerminalId } from '#contract/ids.ts';
import type { SecretFactor } from '#contract/screen.ts';
import { normaliseDigits } from '#core/policy/digits.ts';
import { triesLeft } from '#core/policy/tries.ts';
import { checkSecret, matchTotp, tryOpenSeed } from './credentials.ts';
import type { ServerDeps } from './deps.ts';
import type { Place } from './hash-queue.ts';
import { type Attempt, endAttempt, takeTurn, tryLockAttempt } from './store/attempts.ts';
import { accept, type Credential, disable, listUsableFactors, reserve } from './store/credentials.ts';
import type { Transaction } from './store/database.ts';
import { type EventToRecord, record } from './store/events.ts';
import { endSessionsAt, insertSession } from './store/sessions.ts';

type ProveFailure = Extract<
  FailureCode,
  'PROOF_WRONG' | 'PROOF_LOCKED' | 'ATTEMPT_ENDED' | 'TERMINAL_OTHER' | 'CARD_REFUSED'
>;

/** A try that is counted and may now look at the secret. */
export interface ReservedProof {
  readonly attempt: Attempt;
  readonly factor: SecretFactor;
  readonly credential: Credential;
}

/** `step` is the TOTP time step that the code belongs to; null for a PIN. */
export type ProofVerdict =
  | { readonly kind: 'right'; readonly step: number | null }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'damaged' };

/** Counts the try, in a transaction of its own that commits before anything is compared. */
export const reserveProof = (
  deps: ServerDeps,
  id: AttemptId,
  factor: SecretFactor,
  terminal: TerminalId,
): Promise<Result<ReservedProof, ProveFailure>> =>
  deps.database.transaction(async (tx) => {
    const now = deps.now();
    const attempt = await tryLockAttempt(tx, id);
    const refused = await refuseAttempt(tx, now, attempt, { id, factor, terminal });
    if (refused || !attempt) return refused ?? fail('ATTEMPT_ENDED');
    const rules = deps.policy().tries;
    const reservation = await reserve(tx, now, rules, { person: attempt.person, kind: factor });
    if (reservation.kind === 'reserved') return succeed({ attempt, factor, credential: reservation.credential });
    await record(tx, now, {
      ...about(attempt, factor),
      kind: 'proof.refused',
      outcome: reservation.kind === 'locked' ? 'serious' : 'minor',
      reason: reservation.kind === 'locked' ? 'locked' : 'no-such-factor',
    });
    const { supportCode } = attempt;
    return fail(reservation.kind === 'absent' ? 'PROOF_WRONG' : 'PROOF_LOCKED', { supportCode });
  });

export async function evaluate(
  deps: ServerDeps,
  credential: Credential,
  typed: string,
  place: Place | 'not-needed',
): Promise<ProofVerdict> {
  if (credential.kind === 'totp') {
    const seed = tryOpenSeed(deps.secrets, credential.secret, credential.person);
    if (seed === undefined) return { kind: 'damaged' };
    const step = matchTotp(seed, typed, deps.now().getTime());
    return step === undefined ? { kind: 'wrong' } : { kind: 'right', step };
  }
  if (place === 'not-needed') throw new Error('a PIN is checked from a place in the queue only');
  const pin = normaliseDigits(typed) ?? typed;
  const verdict = await place.run(() => checkSecret(deps.secrets, credential.secret, pin));
  return verdict === 'right' ? { kind: 'right', step: null } : { kind: verdict };
}

/** Writes what came of it: a session and a grant, or a refusal. */
export const concludeProof = (
  deps: ServerDeps,
  { attempt: reserved, factor, credential }: ReservedProof,
  verdict: ProofVerdict,
): Promise<Result<Answer<'attempts/prove'>, ProveFailure>> =>
  deps.database.transaction(async (tx) => {
    const now = deps.now();
    await takeTurn(tx, reserved.terminal);
    const attempt = await tryLockAttempt(tx, reserved.id);
    const { terminal } = reserved;
    if (attempt && verdict.kind !== 'right')
      return refuseProof(deps, tx, now, { attempt, factor, credential, verdict });
    const refused = await refuseAttempt(tx, now, attempt, { id: reserved.id, factor, terminal });
    if (refused || !attempt || verdict.kind !== 'right') return refused ?? fail('ATTEMPT_ENDED');
    if (!(await accept(tx, credential, verdict.step))) {
      return refuseProof(deps, tx, now, { attempt, factor, credential, verdict: 'replayed' });
    }
    return succeed(await open(deps, tx, now, attempt, factor));
  });

async function open(
  deps: ServerDeps,
  tx: Transaction,
  now: Date,
  attempt: Attempt,
  factor: SecretFactor,
): Promise<Answer<'attempts/prove'>> {
  const { terminal, person, card, lock } = attempt;
  await endAttempt(tx, now, attempt.id, 'accepted', ['card', factor]);
  for (const earlier of await endSessionsAt(tx, now, 'other-card', terminal)) {
    await record(tx, now, {
      kind: 'session.ended',
      outcome: 'success',
      terminal,
      person: earlier.person,
      card: earlier.card,
      attempt: earlier.attempt,
      session: earlier.id,
      reason: 'other-card',
    });
  }
  const endsAt = new Date(now.getTime() + deps.policy().session.minutes * 60_000);
  const session = await insertSession(tx, now, { attempt: attempt.id, terminal, person, card, endsAt });
  await record(tx, now, { ...about(attempt, factor), kind: 'proof.accepted', outcome: 'success' });
  await record(tx, now, { ...about(attempt, factor), kind: 'session.began', outcome: 'success', session });
  const grant = deps.secrets.signGrant({
    terminal,
    lock,
    session,
    attempt: attempt.id,
    person,
    issuedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + grantMilliseconds).toISOString(),
  });
  return { session, grant, endsAt: endsAt.toISOString() };
}

const grantMilliseconds = 30_000;

interface Refused {
  readonly attempt: Attempt;
  readonly factor: SecretFactor;
  readonly credential: Credential;
  readonly verdict: Exclude<ProofVerdict, { kind: 'right' }> | 'replayed';
}

async function refuseProof(deps: ServerDeps, tx: Transaction, now: Date, refused: Refused) {
  const { attempt, factor, credential, verdict } = refused;
  const rules = deps.policy().tries;
  const { supportCode } = attempt;
  const replayed = verdict === 'replayed' && factor === 'totp';
  const damaged = verdict !== 'replayed' && verdict.kind === 'damaged';
  if (damaged) deps.log.error({ credential: credential.id, factor }, 'a stored credential is damaged');
  await record(tx, now, {
    ...about(attempt, factor),
    kind: replayed ? 'proof.replayed' : 'proof.refused',
    outcome: damaged ? 'major' : replayed ? 'serious' : 'minor',
    reason: damaged ? 'credential-damaged' : replayed ? 'code-used' : 'wrong',
    detail: { failures: credential.failures },
  });
  const left = triesLeft(credential.failures, rules);
  if (left > 0) return fail('PROOF_WRONG', { supportCode, triesLeft: left });
  const disabled = credential.failures >= rules.hard;
  if (disabled) await disable(tx, credential.id);
  await record(tx, now, {
    ...about(attempt, factor),
    kind: 'credential.locked',
    outcome: 'serious',
    reason: disabled ? 'disabled' : 'locked',
    detail: { failures: credential.failures },
  });
  await tx.notify('changed', { what: 'people' });
  await endIfNothingLeft(deps, tx, now, attempt);
  return fail('PROOF_LOCKED', { supportCode });
}

/** The attempt goes on while another factor may still be tried. */
async function endIfNothingLeft(deps: ServerDeps, tx: Transaction, now: Date, attempt: Attempt): Promise<void> {
  const factors = await listUsableFactors(tx, attempt.person, deps.policy().tries, now);
  if (factors.length === 0) await endAttempt(tx, now, attempt.id, 'refused');
}

/** Why this attempt takes no proof, with its event; undefined when it does. */
async function refuseAttempt(
  tx: Transaction,
  now: Date,
  attempt: Attempt | undefined,
  asked: { readonly id: AttemptId; readonly factor: SecretFactor; readonly terminal: TerminalId },
) {
  if (!attempt) {
    await record(tx, now, {
      kind: 'proof.replayed',
      outcome: 'serious',
      terminal: asked.terminal,
      attempt: asked.id,
      factors: [asked.factor],
      reason: 'attempt-unknown',
    });
    return fail('ATTEMPT_ENDED');
  }
  const facts = { ...about(attempt, asked.factor), terminal: asked.terminal };
  if (attempt.terminal !== asked.terminal) {
    await record(tx, now, { ...facts, kind: 'proof.refused', outcome: 'serious', reason: 'other-terminal' });
    return fail('TERMINAL_OTHER');
  }
  if (attempt.state !== 'open' || attempt.expiresAt <= now) {
    const late = attempt.state === 'open';
    if (late) await endAttempt(tx, now, attempt.id, 'abandoned');
    const reason = late ? 'too-late' : `attempt-${attempt.state}`;
    await record(tx, now, { ...facts, kind: 'proof.replayed', outcome: 'serious', reason });
    return fail('ATTEMPT_ENDED');
  }
  if (attempt.cardState !== 'active' || attempt.personState !== 'active') {
    await endAttempt(tx, now, attempt.id, 'refused');
    const reason = attempt.cardState === 'active' ? 'person-suspended' : 'card-revoked';
    await record(tx, now, { ...facts, kind: 'attempt.refused', outcome: 'minor', reason });
    return fail('CARD_REFUSED', { supportCode: attempt.supportCode });
  }
  return undefined;
}

const about = (attempt: Attempt, factor: SecretFactor) =>
  ({
    terminal: attempt.terminal,
    person: attempt.person,
    card: attempt.card,
    attempt: attempt.id,
    supportCode: attempt.supportCode,
    factors: ['card', factor],
  }) satisfies Partial<EventToRecord>;
