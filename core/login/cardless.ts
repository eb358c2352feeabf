import type { Greeting } from '#contract/api/logins.ts';
import type { Misread } from '#contract/card.ts';
import type { Way } from '#contract/cardless.ts';
import type { Failure } from '#contract/errors.ts';
import type { Key, Refusal } from '#contract/screen.ts';
import {
  type CardlessEvent,
  type Coding,
  cardlessSpans,
  codeDigits,
  type Emergency,
  longestNumber,
  type Vouching,
} from './cardless-state.ts';
import { go, refuse, stay, toIdle } from './moves.ts';
import type { Effect, Given, State, Step } from './state.ts';

type Of<Kind extends CardlessEvent['kind']> = Extract<CardlessEvent, { kind: Kind }>;

/** Ways in without a card that are open now: none without the server, and no colleague's word without a reader. */
export const waysOf = ({ link, journal, reader, policy }: State): Way[] => {
  if (link !== 'online' || journal === 'full' || journal === 'failed') return [];
  const ways: Way[] = [];
  if (policy.ways.substitute) ways.push('substitute');
  if (policy.ways.emergency) ways.push('emergency');
  if (policy.ways.witness && reader === 'ready') ways.push('witness');
  return ways;
};

export const withoutCardAsked = (state: State, given: Given): Step => {
  const { kind } = state.phase;
  if ((kind !== 'idle' && kind !== 'refused') || waysOf(state).length === 0) return stay(state);
  return go(state, { kind: 'ways', until: given.now + cardlessSpans.ways }, { kind: 'forget-digits' });
};

export const wayChosen = (state: State, given: Given, { way }: Of<'way-chosen'>): Step => {
  if (state.phase.kind !== 'ways' || !waysOf(state).includes(way)) return stay(state);
  const { now } = given;
  if (way === 'witness')
    return go(
      state,
      { kind: 'vouching', problem: null, until: now + cardlessSpans.vouching },
      { kind: 'forget-digits' },
    );
  const until = now + cardlessSpans.coding;
  const coding: Coding = { kind: 'coding', way, typed: 0, request: null, wrong: null, waitUntil: null, until };
  return go(state, coding, { kind: 'forget-digits' });
};

/** Keys while a code or a staff number is typed. The digits stay in the guard; the machine counts them. */
const typing = <Phase extends Coding | Emergency>(
  state: State,
  phase: Phase,
  key: Key,
  longest: number,
  enter: (phase: Phase) => Step,
): Step => {
  if (key === 'enter') return enter(phase);
  if (key === 'clear') return go(state, { ...phase, typed: 0 }, { kind: 'forget-digits' });
  if (key === 'back')
    return phase.typed === 0 ? stay(state) : go(state, { ...phase, typed: phase.typed - 1 }, { kind: 'drop-digit' });
  if (phase.typed >= longest) return stay(state);
  return go(state, { ...phase, typed: phase.typed + 1 }, { kind: 'add-digit', digit: key });
};

export const codePressed = (state: State, given: Given, phase: Coding, key: Key): Step => {
  const { now } = given;
  if (phase.request !== null || (phase.waitUntil !== null && now < phase.waitUntil)) return stay(state);
  const digits = codeDigits[phase.way];
  const touched: Coding = { ...phase, waitUntil: null, until: now + cardlessSpans.coding };
  return typing(state, touched, key, digits, (typed) => {
    if (typed.typed < digits) return stay(state);
    const request = state.requests + 1;
    const kind = typed.way === 'substitute' ? 'begin-by-code' : 'begin-emergency';
    return go({ ...state, requests: request }, { ...typed, request, wrong: null }, { kind, request, lock: state.lock });
  });
};

/** The code under way, if the answer is for it. */
export const codingOf = ({ phase }: State, request: number): Coding | null =>
  phase.kind === 'coding' && phase.request === request ? phase : null;

export const codeFailed = (state: State, given: Given, { request, failure }: Of<'code-failed'>): Step => {
  const phase = codingOf(state, request);
  if (!phase) return stay(state);
  const supportCode = failure.supportCode ?? null;
  const again: Coding = { ...phase, request: null, typed: 0, until: given.now + cardlessSpans.coding };
  const effects = [{ kind: 'forget-digits' }, { kind: 'cue', cue: 'refused' }] as const;
  if (failure.code === 'CODE_REFUSED') return go(state, { ...again, wrong: { supportCode } }, ...effects);
  if (failure.code === 'SERVER_BUSY' && failure.retryAfterSeconds !== undefined) {
    const waitUntil = given.now + failure.retryAfterSeconds * 1000;
    return go(state, { ...again, waitUntil }, ...effects);
  }
  return refuse(state, given, refusalOf(failure), supportCode);
};

const refusalOf = ({ code }: Failure): Refusal => {
  switch (code) {
    case 'CODE_REFUSED':
    case 'COLLEAGUE_UNKNOWN':
      return 'emergency';
    case 'ATTEMPT_ENDED':
      return 'too-slow';
    case 'SERVER_BUSY':
      return 'busy';
    case 'SERVER_UNREACHABLE':
    case 'TERMINAL_REVOKED':
    case 'TERMINAL_DISABLED':
    case 'TERMINAL_CERTIFICATE_MISSING':
      return 'server';
    default:
      return 'failed';
  }
};

export const vouchMisread = (state: State, given: Given, phase: Vouching, problem: Misread, record: Effect): Step =>
  go(state, { ...phase, problem, until: given.now + cardlessSpans.vouching }, record, { kind: 'cue', cue: 'refused' });

type Begun = Pick<Emergency, 'attempt' | 'ticket' | 'supportCode' | 'witness' | 'endsAt'>;

const begin = (state: State, given: Given, begun: Begun): Step =>
  go(
    state,
    {
      kind: 'emergency',
      step: 'number',
      ...begun,
      endsAt: Math.max(given.now, begun.endsAt),
      typed: 0,
      wrong: false,
      colleague: null,
      reason: null,
    },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );

/** A sealed code was right. Whoever came too late to hear it types it again: it is not used up. */
export const emergencyBegun = (state: State, given: Given, event: Of<'emergency-begun'>): Step => {
  const phase = codingOf(state, event.request);
  if (phase?.way !== 'emergency') return stay(state);
  const { attempt, ticket, supportCode, endsAt } = event;
  return begin(state, given, { attempt, ticket, supportCode, endsAt, witness: null });
};

/** A colleague has proved who they are. */
export const witnessed = (state: State, given: Given, event: Of<'witnessed'>): Step => {
  const { phase } = state;
  if (phase.kind !== 'checking' || phase.attempt !== event.attempt || phase.purpose !== 'witness') return stay(state);
  const { next, ticket, supportCode, endsAt } = event;
  return begin(state, given, { attempt: next, ticket, supportCode, endsAt, witness: phase.greeting.name });
};

export const numberPressed = (state: State, phase: Emergency, key: Key): Step => {
  if (phase.step !== 'number') return stay(state);
  return typing(state, { ...phase, wrong: false }, key, longestNumber, (typed) => {
    if (typed.typed === 0) return stay(state);
    const { attempt, ticket } = typed;
    return go(state, { ...typed, step: 'looking' }, { kind: 'find-colleague', attempt, ticket });
  });
};

/** The emergency under way at this step, if the answer is for it. */
const at = ({ phase }: State, step: Emergency['step'], attempt?: string): Emergency | null =>
  phase.kind === 'emergency' && phase.step === step && (attempt ?? phase.attempt) === phase.attempt ? phase : null;

export const colleagueFound = (state: State, event: Of<'colleague-found'>): Step => {
  const phase = at(state, 'looking', event.attempt);
  if (!phase) return stay(state);
  const { ticket, colleague, endsAt } = event;
  return go(
    state,
    { ...phase, step: 'reason', ticket, colleague, endsAt, typed: 0 },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );
};

export const reasonChosen = (state: State, { reason }: Of<'reason-chosen'>): Step => {
  const phase = at(state, 'reason');
  return phase?.colleague ? go(state, { ...phase, step: 'confirm', reason }) : stay(state);
};

export const confirmed = (state: State): Step => {
  const phase = at(state, 'confirm');
  if (phase?.reason == null) return stay(state);
  const { attempt, ticket, reason } = phase;
  return go(state, { ...phase, step: 'sending' }, { kind: 'open-emergency', attempt, ticket, reason });
};

export const emergencyFailed = (state: State, given: Given, event: Of<'emergency-failed'>): Step => {
  const { failure } = event;
  const looking = at(state, 'looking', event.attempt);
  const effects = [{ kind: 'forget-digits' }, { kind: 'cue', cue: 'refused' }] as const;
  if (looking && failure.code === 'COLLEAGUE_UNKNOWN')
    return go(state, { ...looking, step: 'number', typed: 0, wrong: true }, ...effects);
  const phase = looking ?? at(state, 'sending', event.attempt);
  if (!phase) return stay(state);
  return refuse(state, given, refusalOf(failure), failure.supportCode ?? phase.supportCode);
};

/** The emergency whose session has come, if it is waited for. */
export const sendingOf = (state: State, attempt: string): (Emergency & { readonly greeting: Greeting }) | null => {
  const phase = at(state, 'sending', attempt);
  return phase?.colleague ? { ...phase, greeting: phase.colleague } : null;
};

/** Back by a step, and from the first one out. What is on its way is waited for. */
export const leaveCardless = (state: State, given: Given): Step => {
  const { phase } = state;
  if (phase.kind === 'ways' || phase.kind === 'vouching') return toIdle(state, given, null);
  if (phase.kind === 'coding') return phase.request === null ? toIdle(state, given, null) : stay(state);
  if (phase.kind !== 'emergency') return stay(state);
  switch (phase.step) {
    case 'number':
      return toIdle(state, given, null);
    case 'reason':
      return go(state, { ...phase, step: 'number', colleague: null }, { kind: 'forget-digits' });
    case 'confirm':
      return go(state, { ...phase, step: 'reason', reason: null });
    default:
      return stay(state);
  }
};

/** Nobody went on. */
export const cardlessOver = (state: State, given: Given): Step => {
  const { phase } = state;
  if (phase.kind === 'emergency') return refuse(state, given, 'too-slow', phase.supportCode);
  return toIdle(state, given, null);
};
