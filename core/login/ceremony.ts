import type { CardEvidence, Misread } from '#contract/card.ts';
import type { Failure } from '#contract/errors.ts';
import type { CeremonyProblem, Key } from '#contract/screen.ts';
import { go, stay } from './moves.ts';
import { type Ceremony, type Effect, type Given, type LoginEvent, type State, type Step, spans } from './state.ts';

type Of<Kind extends LoginEvent['kind']> = Extract<LoginEvent, { kind: Kind }>;

/** Helpdesk asks this terminal to read a new card or to let a person set a PIN. Never in the middle of somebody's attempt. */
export const ceremonyAsked = (state: State, given: Given, event: Of<'ceremony-asked'>): Step => {
  const { phase } = state;
  // A new stream may repeat what the one before it brought.
  if (phase.kind === 'ceremony' && phase.order.ceremony === event.order.ceremony) return stay(state);
  const under =
    phase.kind === 'open'
      ? phase
      : phase.kind === 'ceremony'
        ? phase.under
        : ({ kind: 'idle', notice: null, noticeUntil: 0 } as const);
  if (phase.kind !== 'idle' && phase.kind !== 'refused' && phase.kind !== 'open' && phase.kind !== 'ceremony')
    return { state, effects: [{ kind: 'leave-ceremony', ceremony: event.order.ceremony }] };
  const until = Math.max(given.now, event.endsAt);
  return go(
    state,
    { kind: 'ceremony', order: event.order, step: 'hold-card', typed: 0, problem: null, until, under },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'read' },
  );
};

const back = (state: State, phase: Ceremony, ...effects: Effect[]): Step =>
  go(state, phase.under, { kind: 'forget-digits' }, ...effects);

export const ceremonyCancelled = (state: State, phase: Ceremony, ceremony: string): Step =>
  phase.order.ceremony === ceremony ? back(state, phase) : stay(state);

/** The person at the keypad gives up. */
export const leaveCeremony = (state: State, phase: Ceremony): Step =>
  phase.step === 'done'
    ? back(state, phase)
    : back(state, phase, { kind: 'leave-ceremony', ceremony: phase.order.ceremony });

export const ceremonyOver = (state: State, phase: Ceremony): Step => back(state, phase);

export const ceremonyCard = (state: State, _given: Given, evidence: CardEvidence): Step => {
  const { phase } = state;
  if (phase.kind !== 'ceremony' || phase.step !== 'hold-card') return stay(state);
  return go(
    state,
    { ...phase, step: 'sending', problem: null },
    { kind: 'give-card', ceremony: phase.order.ceremony, evidence },
    { kind: 'cue', cue: 'read' },
  );
};

export const ceremonyMisread = (state: State, _given: Given, reason: Misread, record: Effect): Step => {
  const { phase } = state;
  if (phase.kind !== 'ceremony' || phase.step !== 'hold-card') return { state, effects: [record] };
  const problem: CeremonyProblem = reason === 'random-identifier' ? 'card-random' : 'misread';
  return go(state, { ...phase, problem }, record, { kind: 'cue', cue: 'refused' });
};

export const ceremonyAnswered = (state: State, given: Given, phase: Ceremony, event: Of<'ceremony-answered'>): Step => {
  if (phase.order.ceremony !== event.ceremony || phase.step !== 'sending') return stay(state);
  if (event.next === 'choose-pin')
    return go(state, { ...phase, step: 'choose-pin', typed: 0, problem: null }, { kind: 'forget-digits' });
  return go(
    state,
    { ...phase, step: 'done', typed: 0, problem: null, until: given.now + spans.ceremonyDone },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'done' },
  );
};

export const ceremonyFailed = (state: State, phase: Ceremony, event: Of<'ceremony-failed'>): Step => {
  if (phase.order.ceremony !== event.ceremony || phase.step !== 'sending') return stay(state);
  const [step, problem] = afterFailure(event.failure);
  return go(state, { ...phase, step, typed: 0, problem }, { kind: 'forget-digits' }, { kind: 'cue', cue: 'refused' });
};

const afterFailure = (failure: Failure): [Ceremony['step'], CeremonyProblem] => {
  switch (failure.code) {
    case 'CARD_TAKEN':
      return ['hold-card', 'card-taken'];
    case 'CARD_RANDOM':
      return ['hold-card', 'card-random'];
    case 'CARD_UNPROVEN':
      return ['hold-card', 'card-unproven'];
    case 'CEREMONY_OTHER_CARD':
      return ['hold-card', 'card-other'];
    case 'PIN_LENGTH':
      return ['choose-pin', 'pin-length'];
    case 'PIN_EASY':
      return ['choose-pin', 'pin-easy'];
    case 'CEREMONY_ENDED':
    case 'TERMINAL_OTHER':
      return ['failed', 'ended'];
    default:
      return ['failed', 'server'];
  }
};

/** Keys while a new PIN is chosen and repeated. The digits stay in the guard; the machine counts them. */
export const ceremonyPressed = (state: State, phase: Ceremony, key: Key): Step => {
  if (phase.step !== 'choose-pin' && phase.step !== 'repeat-pin') return stay(state);
  const { shortest, longest } = state.policy.pin;
  if (key === 'clear') return go(state, { ...phase, typed: 0 }, { kind: 'forget-digits' });
  if (key === 'back')
    return phase.typed === 0 ? stay(state) : go(state, { ...phase, typed: phase.typed - 1 }, { kind: 'drop-digit' });
  if (key !== 'enter')
    return phase.typed >= longest
      ? stay(state)
      : go(state, { ...phase, typed: phase.typed + 1 }, { kind: 'add-digit', digit: key });
  if (phase.typed === 0) return stay(state);
  if (phase.typed < shortest)
    return go(
      state,
      { ...phase, step: 'choose-pin', typed: 0, problem: 'pin-length' },
      { kind: 'forget-digits' },
      { kind: 'cue', cue: 'refused' },
    );
  if (phase.step === 'choose-pin')
    return go(state, { ...phase, step: 'repeat-pin', typed: 0, problem: null }, { kind: 'keep-first-pin' });
  return go(
    state,
    { ...phase, step: 'sending', problem: null },
    { kind: 'compare-pins', ceremony: phase.order.ceremony },
  );
};

export const pinsCompared = (state: State, phase: Ceremony, event: Of<'pins-compared'>): Step => {
  if (phase.order.ceremony !== event.ceremony || phase.step !== 'sending') return stay(state);
  if (event.same) return { state, effects: [{ kind: 'give-pin', ceremony: event.ceremony }] };
  return go(
    state,
    { ...phase, step: 'choose-pin', typed: 0, problem: 'pin-different' },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'refused' },
  );
};
