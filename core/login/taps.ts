import type { CardEvidence, Misread } from '#contract/card.ts';
import { vouchMisread } from './cardless.ts';
import { ceremonyCard, ceremonyMisread } from './ceremony.ts';
import { andThen, go, idle, lock, refuse, stay, toIdle } from './moves.ts';
import { type CardKey, type Given, type LoginEvent, type Purpose, type State, type Step, spans } from './state.ts';

/** A card has come into the field: say so at once, before it is known. */
export const cardEntered = (state: State, given: Given, { presentation, resting }: Entered): Step => {
  const entered: State = resting ? { ...state, resting: presentation } : state;
  return state.phase.kind === 'idle' || state.phase.kind === 'refused'
    ? go(entered, { kind: 'reading', presentation, until: given.now + spans.reading })
    : stay(entered);
};
type Entered = Extract<LoginEvent, { kind: 'card-entered' }>;

export const cardLeft = (state: State, given: Given, presentation: number): Step => {
  const lastTap =
    state.lastTap && state.lastTap.presentation === presentation
      ? { ...state.lastTap, leftAt: given.now }
      : state.lastTap;
  const left: State = { ...state, lastTap };
  return state.phase.kind === 'reading' && state.phase.presentation === presentation
    ? go(left, idle({ kind: 'misread', why: 'too-short' }, given.now))
    : stay(left);
};

export const cardMisread = (state: State, given: Given, reason: Misread, reader: string): Step => {
  const record = {
    kind: 'record',
    facts: { kind: 'card.misread', outcome: 'minor', reason, detail: { reader } },
  } as const;
  const { phase } = state;
  if (phase.kind === 'ceremony') return ceremonyMisread(state, given, reason, record);
  if (phase.kind === 'vouching') return vouchMisread(state, given, phase, reason, record);
  const told = [record, { kind: 'cue', cue: 'refused' }] as const;
  if (phase.kind === 'idle' || phase.kind === 'reading' || phase.kind === 'refused')
    return go(state, idle({ kind: 'misread', why: reason }, given.now), ...told);
  // The first of two cards in one hand was known before the second was read: neither counts.
  if (reason === 'several-cards' && phase.kind === 'identifying')
    return toIdle(state, given, { kind: 'misread', why: reason }, ...told);
  if (reason === 'several-cards' && phase.kind === 'asking')
    return toIdle(
      state,
      given,
      { kind: 'misread', why: reason },
      { kind: 'abandon', attempt: phase.attempt, ticket: phase.ticket, reason: 'other-card' },
      ...told,
    );
  return { state, effects: [record] };
};

/** A resting card, a trembling hand and a second tap in haste are one tap. */
const isBounce = (state: State, card: CardKey, now: number): boolean => {
  const last = state.lastTap;
  if (!last || last.card !== card) return false;
  if (now - last.at < spans.sameTap) return true;
  return last.leftAt !== null && now - last.leftAt < spans.lifted;
};

export const cardRead = (
  state: State,
  given: Given,
  presentation: number,
  evidence: CardEvidence,
  card: CardKey,
): Step => {
  const bounce = presentation === state.resting || isBounce(state, card, given.now);
  const noted: State = {
    ...state,
    lastTap: { card, presentation, at: bounce ? (state.lastTap?.at ?? given.now) : given.now, leftAt: null },
  };
  const { phase } = state;
  if (bounce) return phase.kind === 'reading' ? go(noted, idle({ kind: 'lift-card' }, given.now)) : stay(noted);

  switch (phase.kind) {
    case 'ceremony':
      return ceremonyCard(noted, given, evidence);
    case 'open':
      if (card !== phase.card)
        return andThen(lock(noted, given, 'other-card'), (locked) => identify(locked, given, evidence, card));
      return given.now - phase.openedAt < spans.haste ? stay(noted) : lock(noted, given, 'same-card');
    case 'opening':
      return card === phase.card
        ? stay(noted)
        : andThen(lock(noted, given, 'other-card'), (locked) => identify(locked, given, evidence, card));
    case 'asking':
    case 'checking':
    case 'elsewhere':
      if (card === phase.card) return stay(noted);
      return andThen(lock(noted, given, 'other-card'), (locked) => identify(locked, given, evidence, card));
    case 'identifying':
      return card === phase.card ? stay(noted) : identify(noted, given, evidence, card);
    case 'idle':
    case 'reading':
    case 'refused':
    case 'ways':
    case 'coding':
      return identify(noted, given, evidence, card);
    case 'vouching':
      return identify(noted, given, evidence, card, 'witness');
    case 'emergency':
      // What was asked for under the old lock opens nothing any more.
      return andThen(lock(noted, given, 'other-card'), (locked) => identify(locked, given, evidence, card));
  }
};

/** Whether the server is away and somebody may get in without it. */
export const mayLetInOffline = ({ link, offlineUntil }: State, now: number): boolean =>
  (link === 'unreachable' || link === 'clock-wrong') && offlineUntil !== null && now < offlineUntil;

const identify = (
  state: State,
  given: Given,
  evidence: CardEvidence,
  card: CardKey,
  purpose: Purpose = 'login',
): Step => {
  if (state.journal === 'failed' || state.journal === 'full') return refuse(state, given, 'failed', null);
  const offline = state.link !== 'online';
  if (offline && (purpose !== 'login' || !mayLetInOffline(state, given.now)))
    return refuse(state, given, 'server', null);
  const request = state.requests + 1;
  const recent = purpose === 'login' && state.recent?.card === card ? state.recent : null;
  return go(
    { ...state, requests: request, recent },
    { kind: 'identifying', request, card, purpose },
    { kind: 'forget-digits' },
    { kind: 'identify', request, lock: state.lock, evidence, after: recent?.session ?? null, purpose, offline },
    { kind: 'cue', cue: 'read' },
  );
};
