import type { Failure } from '#contract/errors.ts';
import type { AskedFactor, Key, Refusal } from '#contract/screen.ts';
import { codingOf, sendingOf } from './cardless.ts';
import type { Emergency } from './cardless-state.ts';
import { go, refuse, stay, toIdle } from './moves.ts';
import type { Asking, CardKey, Effect, Elsewhere, Given, LoginEvent, Opening, State, Step } from './state.ts';

type Of<Kind extends LoginEvent['kind']> = Extract<LoginEvent, { kind: Kind }>;

/** A TOTP has six digits (RFC 6238 with the digits that authenticator apps show). */
const totpDigits = 6;

/** A single-use secret is as long as the server makes it. */
const initialDigits = 10;

type Typed = AskedFactor | 'grace';

export const longestOf = (state: State, factor: Typed): number =>
  factor === 'totp' ? totpDigits : factor === 'initial' ? initialDigits : state.policy.pin.longest;
export const shortestOf = (state: State, factor: Typed): number =>
  factor === 'totp' ? totpDigits : factor === 'initial' ? initialDigits : state.policy.pin.shortest;

export const identified = (state: State, given: Given, event: Of<'identified'>): Step => {
  const [factor] = event.factors;
  const { attempt, ticket, greeting, factors, all, supportCode } = event;
  const asked = askedBy(state, event.request);
  if (!asked || !factor) return { state, effects: [{ kind: 'abandon', attempt, ticket, reason: 'lost' }] };
  const asking: Asking = {
    kind: 'asking',
    ...asked,
    attempt,
    ticket,
    greeting,
    factors,
    factor,
    all,
    accepted: [],
    supportCode,
    typed: 0,
    wrong: null,
    endsAt: Math.max(given.now, event.endsAt),
    offline: event.offline === true,
  };
  if (asked.card === null) return go(state, asking, { kind: 'forget-digits' }, { kind: 'cue', cue: 'read' });
  return event.grace && asked.purpose === 'login' ? prove(state, { ...asking, factor: 'grace' }) : go(state, asking);
};

/** Who waits for the answer to this request: somebody who held a card or typed a substitute code. */
const askedBy = (state: State, request: number): Pick<Asking, 'card' | 'purpose'> | null => {
  const { phase } = state;
  if (phase.kind === 'identifying' && phase.request === request) return { card: phase.card, purpose: phase.purpose };
  return codingOf(state, request)?.way === 'substitute' ? { card: null, purpose: 'login' } : null;
};

export const identifyFailed = (state: State, given: Given, event: Of<'identify-failed'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'identifying' || phase.request !== event.request) return stay(state);
  return refuse(state, given, refusalOf(event.failure, phase.card), event.failure.supportCode ?? null);
};

const refusalOf = (failure: Failure, card: CardKey | null): Refusal => {
  switch (failure.code) {
    case 'CARD_REFUSED':
      return card === null ? 'code' : 'card';
    case 'PROOF_LOCKED':
      return 'locked';
    case 'SERVER_BUSY':
      return 'busy';
    case 'OFFLINE_REFUSED':
      return 'offline';
    case 'SERVER_UNREACHABLE':
    case 'TERMINAL_REVOKED':
    case 'TERMINAL_DISABLED':
    case 'TERMINAL_CERTIFICATE_MISSING':
      return 'server';
    default:
      return 'failed';
  }
};

export const chooseFactor = (state: State, factor: AskedFactor): Step => {
  const { phase } = state;
  if (phase.kind !== 'asking' || !openFactors(phase).includes(factor) || phase.factor === factor) return stay(state);
  return go(state, { ...phase, factor, typed: 0, wrong: null }, { kind: 'forget-digits' });
};

/** Factors that may be asked for: of several that are wanted, those that were not shown yet. */
export const openFactors = ({ factors, accepted }: Asking): readonly AskedFactor[] =>
  factors.filter((factor) => !accepted.includes(factor));

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
    {
      kind: 'prove',
      lock: state.lock,
      attempt: phase.attempt,
      ticket: phase.ticket,
      offline: phase.offline === true,
      factor: phase.factor,
    },
  );

/** The attempt under way, if the answer is for it. */
const checking = ({ phase }: State, attempt: string): Asking | null =>
  phase.kind === 'checking' && phase.attempt === attempt ? phase : null;

export const proved = (state: State, event: Of<'proved'>): Step => {
  const { phase } = state;
  const asked = checking(state, event.attempt);
  const settled = phase.kind === 'elsewhere' && phase.sending && phase.attempt === event.attempt ? phase : null;
  const emergency = sendingOf(state, event.attempt);
  const from = asked?.purpose === 'witness' ? null : (asked ?? settled ?? emergency);
  if (!from)
    // The person went on or the terminal locked meanwhile, or only vouched: nobody is to use this session.
    return event.grant === null
      ? stay(state)
      : { state, effects: [{ kind: 'end-session', session: event.session, reason: 'other-card' }] };
  const { attempt, ticket, greeting, supportCode } = from;
  const card = from.kind === 'emergency' ? null : from.card;
  const { session, token, endsAt, grant } = event;
  const offline = grant === null;
  return go(
    state,
    { kind: 'opening', attempt, ticket, card, greeting, supportCode, session, token, endsAt, offline },
    { kind: 'open', lock: state.lock, session, attempt, grant, greeting, ...presentedBy(from) },
  );
};

/** What was held or typed first, and what was shown beside it. */
const presentedBy = (from: Asking | Elsewhere | Emergency): Pick<Open, 'first' | 'shown'> => {
  if (from.kind === 'emergency') return { first: from.witness === null ? 'emergency-code' : 'witness', shown: [] };
  const shown = from.kind === 'elsewhere' ? from.shown : [...from.accepted, from.factor];
  return { first: from.card === null ? 'substitute-code' : 'card', shown };
};
type Open = Extract<Effect, { kind: 'open' }>;

/** One factor was right and policy wants another. */
export const moreWanted = (state: State, event: Of<'more-wanted'>): Step => {
  const phase = checking(state, event.attempt);
  const [factor] = event.factors;
  if (!phase || !factor || phase.factor === 'grace') return stay(state);
  const accepted = [...phase.accepted, phase.factor];
  return go(
    state,
    { ...phase, kind: 'asking', factor, factors: [...accepted, ...event.factors], accepted, typed: 0, wrong: null },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );
};

/** A single-use secret was right. It opens nothing: the person chooses a PIN, then holds the card again. */
export const firstPinAsked = (state: State, given: Given, event: Of<'first-pin-asked'>): Step => {
  const { order } = event;
  if (!checking(state, event.attempt))
    return { state, effects: [{ kind: 'leave-ceremony', ceremony: order.ceremony }] };
  return go(
    state,
    {
      kind: 'ceremony',
      order,
      step: 'choose-pin',
      typed: 0,
      problem: null,
      until: Math.max(given.now, event.endsAt),
      under: { kind: 'idle', notice: null, noticeUntil: 0 },
    },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );
};

export const elsewhereFound = (state: State, event: Of<'elsewhere-found'>): Step => {
  const phase = checking(state, event.attempt);
  if (!phase) return stay(state);
  const { attempt, ticket, card, greeting, supportCode, endsAt, accepted, factor } = phase;
  const { there, since } = event;
  return go(
    state,
    {
      kind: 'elsewhere',
      attempt,
      ticket,
      card,
      greeting,
      supportCode,
      there,
      since,
      sending: false,
      shown: [...accepted, factor],
      endsAt,
    },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );
};

export const settleAsked = (state: State, { choice }: Of<'settle-asked'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'elsewhere' || phase.sending) return stay(state);
  const { attempt, ticket } = phase;
  return go(state, { ...phase, sending: true }, { kind: 'settle', attempt, ticket, choice });
};

export const proveFailed = (state: State, given: Given, event: Of<'prove-failed'>): Step => {
  const { failure } = event;
  const { phase } = state;
  if (phase.kind === 'elsewhere' && phase.sending && phase.attempt === event.attempt)
    return refuse(state, given, refusalOf(failure, phase.card), failure.supportCode ?? phase.supportCode);
  const asked = checking(state, event.attempt);
  if (!asked) return stay(state);
  const [first] = asked.factors;
  // Without grace the person types a secret, as ever.
  if (asked.factor === 'grace' && first && failure.code === 'ATTEMPT_ENDED')
    return go(state, { ...asked, kind: 'asking', factor: first });
  const effects = [{ kind: 'forget-digits' }, { kind: 'cue', cue: 'refused' }] as const;
  if (failure.code === 'PROOF_WRONG') {
    const wrong = failure.triesLeft === undefined ? {} : { triesLeft: failure.triesLeft };
    return go(state, { ...asked, kind: 'asking', typed: 0, wrong }, ...effects);
  }
  return refuse(state, given, refusalOf(failure, asked.card), failure.supportCode ?? asked.supportCode);
};

export const opened = (state: State, given: Given, phase: Opening): Step => {
  const { session, token, card, greeting, endsAt } = phase;
  const { now } = given;
  return go(
    state,
    {
      kind: 'open',
      session,
      offline: phase.offline === true,
      token,
      card,
      greeting,
      openedAt: now,
      endsAt,
      inputAt: now,
      reportedAt: now,
      touchedAt: now,
    },
    { kind: 'begin-lease', lock: state.lock },
    { kind: 'cue', cue: 'accepted' },
  );
};

export const openFailed = (state: State, given: Given, phase: Opening): Step =>
  refuse(
    state,
    given,
    'failed',
    phase.offline ? null : phase.supportCode,
    ...(phase.offline ? [] : [{ kind: 'end-session', session: phase.session, reason: 'start' } as const]),
  );

/** The person presses cancel, or takes too long. */
export const cancelAttempt = (
  state: State,
  given: Given,
  phase: Asking | Elsewhere,
  reason: 'cancelled' | 'too-slow',
): Step => {
  const abandon = { kind: 'abandon', attempt: phase.attempt, ticket: phase.ticket, reason } as const;
  return reason === 'cancelled'
    ? toIdle(state, given, null, abandon)
    : refuse(state, given, 'too-slow', phase.supportCode, abandon);
};
