import type { Failure } from '#contract/errors.ts';
import type { Key, Refusal, SecretFactor } from '#contract/screen.ts';
import { go, refuse, stay, toIdle } from './moves.ts';
import type { Asking, Given, LoginEvent, Opening, State, Step } from './state.ts';

type Of<Kind extends LoginEvent['kind']> = Extract<LoginEvent, { kind: Kind }>;

/** A TOTP has six digits (RFC 6238 with the digits that authenticator apps show). */
const totpDigits = 6;

export const longestOf = (state: State, factor: SecretFactor): number =>
  factor === 'totp' ? totpDigits : state.policy.pin.longest;
export const shortestOf = (state: State, factor: SecretFactor): number =>
  factor === 'totp' ? totpDigits : state.policy.pin.shortest;

export const identified = (state: State, given: Given, event: Of<'identified'>): Step => {
  const { phase } = state;
  const factor = event.factors[0];
  if (phase.kind !== 'identifying' || phase.request !== event.request || !factor)
    return { state, effects: [{ kind: 'abandon', attempt: event.attempt, reason: 'lost' }] };
  const { attempt, greeting, factors, supportCode } = event;
  const endsAt = Math.max(given.now, event.endsAt);
  return go(state, {
    kind: 'asking',
    attempt,
    greeting,
    factors,
    factor,
    supportCode,
    card: phase.card,
    typed: 0,
    wrong: null,
    endsAt,
  });
};

export const identifyFailed = (state: State, given: Given, event: Of<'identify-failed'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'identifying' || phase.request !== event.request) return stay(state);
  return refuse(state, given, refusalOf(event.failure), event.failure.supportCode ?? null);
};

const refusalOf = (failure: Failure): Refusal => {
  switch (failure.code) {
    case 'CARD_REFUSED':
      return 'card';
    case 'PROOF_LOCKED':
      return 'locked';
    case 'SERVER_BUSY':
      return 'busy';
    case 'SERVER_UNREACHABLE':
    case 'TERMINAL_REVOKED':
    case 'TERMINAL_CERTIFICATE_MISSING':
      return 'server';
    default:
      return 'failed';
  }
};

export const chooseFactor = (state: State, factor: SecretFactor): Step => {
  const { phase } = state;
  if (phase.kind !== 'asking' || !phase.factors.includes(factor) || phase.factor === factor) return stay(state);
  return go(state, { ...phase, factor, typed: 0, wrong: null }, { kind: 'forget-digits' });
};

/** A key while a secret is asked for. A TOTP goes off with its last digit, a PIN with `enter`. */
export const pressed = (state: State, phase: Asking, key: Key): Step => {
  if (key === 'clear') return go(state, { ...phase, typed: 0 }, { kind: 'forget-digits' });
  if (key === 'back')
    return phase.typed === 0 ? stay(state) : go(state, { ...phase, typed: phase.typed - 1 }, { kind: 'drop-digit' });
  if (key === 'enter') return phase.typed < shortestOf(state, phase.factor) ? stay(state) : prove(state, phase);
  if (phase.typed >= longestOf(state, phase.factor)) return stay(state);
  const typed: Asking = { ...phase, typed: phase.typed + 1 };
  const added = go(state, typed, { kind: 'add-digit', digit: key });
  if (phase.factor !== 'totp' || typed.typed < totpDigits) return added;
  const proving = prove(added.state, typed);
  return { state: proving.state, effects: [...added.effects, ...proving.effects] };
};

const prove = (state: State, phase: Asking): Step =>
  go(
    state,
    { ...phase, kind: 'checking', wrong: null },
    { kind: 'prove', attempt: phase.attempt, factor: phase.factor },
  );

export const proved = (state: State, event: Of<'proved'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'checking' || phase.attempt !== event.attempt)
    // The person went on or the terminal locked meanwhile: nobody is to use this session.
    return { state, effects: [{ kind: 'end-session', session: event.session, reason: 'other-card' }] };
  const { attempt, card, greeting, supportCode, factor } = phase;
  const { session, endsAt, grant } = event;
  return go(
    state,
    { kind: 'opening', attempt, card, greeting, supportCode, session, endsAt },
    { kind: 'open', lock: state.lock, session, attempt, grant, greeting, factor },
  );
};

export const proveFailed = (state: State, given: Given, event: Of<'prove-failed'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'checking' || phase.attempt !== event.attempt) return stay(state);
  const { failure } = event;
  const effects = [{ kind: 'forget-digits' }, { kind: 'cue', cue: 'refused' }] as const;
  if (failure.code === 'PROOF_WRONG') {
    const wrong = failure.triesLeft === undefined ? {} : { triesLeft: failure.triesLeft };
    return go(state, { ...phase, kind: 'asking', typed: 0, wrong }, ...effects);
  }
  return refuse(state, given, refusalOf(failure), failure.supportCode ?? phase.supportCode);
};

export const opened = (state: State, given: Given, phase: Opening): Step => {
  const { session, card, greeting, endsAt } = phase;
  const { now } = given;
  return go(
    state,
    { kind: 'open', session, card, greeting, openedAt: now, endsAt, inputAt: now, reportedAt: now },
    { kind: 'begin-lease', lock: state.lock },
    { kind: 'cue', cue: 'accepted' },
  );
};

export const openFailed = (state: State, given: Given, phase: Opening): Step =>
  refuse(state, given, 'failed', phase.supportCode, { kind: 'end-session', session: phase.session, reason: 'start' });

/** The person presses cancel, or takes too long. */
export const cancelAttempt = (state: State, given: Given, phase: Asking, reason: 'cancelled' | 'too-slow'): Step => {
  const abandon = { kind: 'abandon', attempt: phase.attempt, reason } as const;
  return reason === 'cancelled'
    ? toIdle(state, given, null, abandon)
    : refuse(state, given, 'too-slow', phase.supportCode, abandon);
};
