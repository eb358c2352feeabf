import type { TerminalEvent } from '#contract/audit.ts';
import {
  cancelAttempt,
  chooseFactor,
  elsewhereFound,
  firstPinAsked,
  identified,
  identifyFailed,
  moreWanted,
  opened,
  openFailed,
  pressed,
  proved,
  proveFailed,
  settleAsked,
} from './attempt.ts';
import {
  cardlessOver,
  codeFailed,
  codePressed,
  colleagueFound,
  confirmed,
  emergencyBegun,
  emergencyFailed,
  leaveCardless,
  numberPressed,
  reasonChosen,
  wayChosen,
  withoutCardAsked,
  witnessed,
} from './cardless.ts';
import {
  ceremonyAnswered,
  ceremonyAsked,
  ceremonyCancelled,
  ceremonyFailed,
  ceremonyOver,
  ceremonyPressed,
  leaveCeremony,
  pinsCompared,
} from './ceremony.ts';
import { andThen, idle, lock, stay, toIdle } from './moves.ts';
import {
  type Ceremony,
  type Effect,
  type Given,
  type LoginEvent,
  openOf,
  type State,
  type Step,
  spans,
} from './state.ts';
import { cardEntered, cardLeft, cardMisread, cardRead } from './taps.ts';

type Of<Kind extends LoginEvent['kind']> = Extract<LoginEvent, { kind: Kind }>;
type Reaction<Kind extends LoginEvent['kind']> = (state: State, given: Given, event: Of<Kind>) => Step;

/** How the machine answers each kind of event. */
const reactions: { readonly [Kind in LoginEvent['kind']]: Reaction<Kind> } = {
  tick: (state, given) => tick(state, given),

  'reader-changed': (state, given, event) => readerChanged(state, given, event),
  'card-entered': (state, given, event) => cardEntered(state, given, event),
  'card-read': (state, given, event) => cardRead(state, given, event.presentation, event.evidence, event.card),
  'card-misread': (state, given, event) => cardMisread(state, given, event.reason, event.reader),
  'card-left': (state, given, event) => cardLeft(state, given, event.presentation),

  'link-changed': (state, given, event) => linkChanged(state, given, event.link),
  'offline-changed': (state, _given, event) => stay({ ...state, offlineUntil: event.until }),
  'clock-changed': (state, _given, event) => stay({ ...state, clockWrong: event.wrong }),
  'policy-changed': (state, _given, event) => stay({ ...state, policy: event.policy, terminal: event.terminal }),
  identified,
  'identify-failed': identifyFailed,
  proved: (state, _given, event) => proved(state, event),
  'more-wanted': (state, _given, event) => moreWanted(state, event),
  'first-pin-asked': firstPinAsked,
  'elsewhere-found': (state, _given, event) => elsewhereFound(state, event),
  'prove-failed': proveFailed,
  'revocation-ordered': (state, given, event) => revocationOrdered(state, given, event),
  'session-ended': (state, given, event) =>
    concerns(state, event.session) ? lock(state, given, event.reason) : stay(state),

  'ceremony-asked': ceremonyAsked,
  'ceremony-cancelled': (state, _given, event) =>
    inCeremony(state, (phase) => ceremonyCancelled(state, phase, event.ceremony)),
  'ceremony-answered': (state, given, event) =>
    inCeremony(state, (phase) => ceremonyAnswered(state, given, phase, event)),
  'ceremony-failed': (state, _given, event) => inCeremony(state, (phase) => ceremonyFailed(state, phase, event)),
  'pins-compared': (state, _given, event) => inCeremony(state, (phase) => pinsCompared(state, phase, event)),

  opened: (state, given, { session }) =>
    state.phase.kind === 'opening' && state.phase.session === session ? opened(state, given, state.phase) : stay(state),
  'open-failed': (state, given, { session }) =>
    state.phase.kind === 'opening' && state.phase.session === session
      ? openFailed(state, given, state.phase)
      : stay(state),
  'journal-changed': (state, _given, event) => journalChanged(state, event.journal),

  'without-card-asked': (state, given) => withoutCardAsked(state, given),
  'way-chosen': wayChosen,
  'code-failed': codeFailed,
  'emergency-begun': emergencyBegun,
  witnessed,
  'colleague-found': (state, _given, event) => colleagueFound(state, event),
  'reason-chosen': (state, _given, event) => reasonChosen(state, event),
  confirmed: (state) => confirmed(state),
  'emergency-failed': emergencyFailed,

  'screen-joined': (state) => stay({ ...state, screen: 'joined' }),
  'screen-lost': (state, given) => screenLost({ ...state, screen: 'absent' }, given),
  covered: (state, given, event) => covered(state, given, event.lock),
  pressed: (state, given, { key }) => {
    const { phase } = state;
    switch (phase.kind) {
      case 'ceremony':
        return ceremonyPressed(state, phase, key);
      case 'coding':
        return codePressed(state, given, phase, key);
      case 'emergency':
        return numberPressed(state, phase, key);
      default:
        return phase.kind === 'asking' ? pressed(state, phase, key) : stay(state);
    }
  },
  'factor-chosen': (state, _given, event) => chooseFactor(state, event.factor),
  'settle-asked': (state, _given, event) => settleAsked(state, event),
  cancelled: (state, given) => cancelled(state, given),
  'lock-asked': (state, given, event) => lock(state, given, event.reason),
  stayed: (state, { now }) =>
    state.phase.kind === 'open'
      ? stay({ ...state, phase: { ...state.phase, inputAt: now, reportedAt: now } })
      : stay(state),
  'console-asked': (state) => consoleAsked(state),
  'idle-reported': (state, given, event) => idleReported(state, given, event.seconds),
};

/** One step of the machine that `state.ts` draws. Pure: the same arguments give the same answer. */
export const step = (state: State, event: LoginEvent, given: Given): Step => {
  const reaction = reactions[event.kind] as Reaction<LoginEvent['kind']>;
  return reaction(state, given, event);
};

const inCeremony = (state: State, react: (phase: Ceremony) => Step): Step =>
  state.phase.kind === 'ceremony' ? react(state.phase) : stay(state);

const screenLost = (state: State, given: Given): Step =>
  state.phase.kind === 'idle' || state.phase.kind === 'refused' ? stay(state) : lock(state, given, 'screen-lost');

const cancelled = (state: State, given: Given): Step => {
  const { phase } = state;
  if (phase.kind === 'ceremony') return leaveCeremony(state, phase);
  if (phase.kind === 'asking' || (phase.kind === 'elsewhere' && !phase.sending))
    return cancelAttempt(state, given, phase, 'cancelled');
  return phase.kind === 'refused' ? toIdle(state, given, null) : leaveCardless(state, given);
};

const consoleAsked = (state: State): Step =>
  state.phase.kind === 'open' && !state.phase.offline && mayOpenConsole(state.phase.greeting.roles)
    ? { state, effects: [{ kind: 'open-console', session: state.phase.session, token: state.phase.token }] }
    : stay(state);

/** Roles that have a place in the console. */
export const mayOpenConsole = (roles: readonly string[]): boolean => roles.some((role) => role !== 'clinician');

const readerChanged = (state: State, given: Given, event: Extract<LoginEvent, { kind: 'reader-changed' }>): Step => {
  if (event.reader === state.reader) return stay(state);
  const was = state.reader;
  const next: State = { ...state, reader: event.reader };
  const effects: Effect[] = [];
  if (event.reader === 'ready')
    effects.push({
      kind: 'record',
      facts: { kind: 'reader.ready', outcome: 'success', detail: { reader: event.name } },
    });
  else if (was === 'ready')
    effects.push({ kind: 'record', facts: { kind: 'reader.lost', outcome: 'minor', reason: event.reader } });
  const phase = next.phase.kind === 'reading' ? idle(null, given.now) : next.phase;
  return { state: { ...next, phase }, effects };
};

const linkChanged = (state: State, given: Given, link: State['link']): Step => {
  if (link === state.link) return stay(state);
  const effects: Effect[] = [];
  if (link === 'online') effects.push({ kind: 'record', facts: { kind: 'link.restored', outcome: 'success' } });
  else if (state.link === 'online')
    effects.push({ kind: 'record', facts: { kind: 'link.lost', outcome: 'minor', reason: link } });
  const next: Step = { state: { ...state, link }, effects };
  return link === 'terminal-revoked' || link === 'not-enrolled'
    ? andThen(next, (s) => lock(s, given, 'terminal-revoked'))
    : next;
};

/** What cannot be written now is told when it can be again. */
const journalChanged = (state: State, journal: State['journal']): Step => {
  if (journal === state.journal) return stay(state);
  const facts: TerminalEvent =
    journal === 'sound'
      ? { kind: 'journal.restored', outcome: 'success', reason: state.journal }
      : { kind: 'journal.stopped', outcome: 'serious', reason: journal };
  const heard = journal === 'sound' || journal === 'reserve';
  return { state: { ...state, journal }, effects: heard ? [{ kind: 'record', facts }] : [] };
};

const concerns = (state: State, session: string): boolean => {
  const { phase } = state;
  return openOf(phase)?.session === session || (phase.kind === 'opening' && phase.session === session);
};

/**
 * A person revoked is locked out at once, in whatever phase; the receipt follows the covered screen. Whose PIN was replaced
 * goes on.
 */
const revocationOrdered = (
  state: State,
  given: Given,
  event: Extract<LoginEvent, { kind: 'revocation-ordered' }>,
): Step => {
  const { order } = event;
  const { phase } = state;
  const here = openOf(phase)?.greeting.person ?? ('greeting' in phase ? phase.greeting.person : null);
  const struck =
    order.what === 'terminal' ||
    (order.what === 'session'
      ? concerns(state, order.subject)
      : here !== null && (order.person === here || (order.what === 'person' && order.subject === here)));
  if (!struck)
    return { state, effects: [{ kind: 'confirm', number: order.number, receivedAt: given.now, lockedAt: null }] };
  const waiting: State = {
    ...state,
    unconfirmed: [...state.unconfirmed, { number: order.number, receivedAt: given.now }],
  };
  return lock(waiting, given, order.what === 'terminal' ? 'terminal-revoked' : 'revoked');
};

const covered = (state: State, given: Given, lockId: string): Step => {
  if (lockId !== state.lock || state.unconfirmed.length === 0) return stay(state);
  const effects = state.unconfirmed.map(
    ({ number, receivedAt }): Effect => ({ kind: 'confirm', number, receivedAt, lockedAt: given.now }),
  );
  return { state: { ...state, unconfirmed: [] }, effects };
};

const idleReported = (state: State, given: Given, seconds: number): Step => {
  const { phase } = state;
  const open = openOf(phase);
  if (!open) return stay(state);
  // The report may only say that the person was active later than known, never turn the clock back.
  const inputAt = Math.max(open.inputAt, given.now - seconds * 1000);
  const touches = !open.offline && given.now - open.touchedAt >= spans.touch;
  const next = { ...open, inputAt, reportedAt: given.now, touchedAt: touches ? given.now : open.touchedAt };
  const reported: State = { ...state, phase: phase.kind === 'ceremony' ? { ...phase, under: next } : next };
  const { session, token } = open;
  const idleSeconds = Math.max(0, (given.now - inputAt) / 1000);
  const effects: Effect[] = touches ? [{ kind: 'touch', session, token, idleSeconds }] : [];
  return andThen({ state: reported, effects }, (s) => tick(s, given));
};

/** What time alone does. `nextDeadline` says when it must be asked next. */
const tick = (state: State, given: Given): Step => {
  const { now } = given;
  const { phase } = state;
  const open = openOf(phase);
  if (open) {
    if (now >= open.endsAt) return lock(state, given, 'limit');
    if (now >= open.inputAt + state.policy.idleSeconds * 1000) return lock(state, given, 'idle');
    if (now >= open.reportedAt + spans.idleSilence) return lock(state, given, 'screen-lost');
  }
  switch (phase.kind) {
    case 'idle':
      return phase.notice && now >= phase.noticeUntil ? stay({ ...state, phase: idle(null, now) }) : stay(state);
    case 'reading':
      return now >= phase.until
        ? stay({ ...state, phase: idle({ kind: 'misread', why: 'unreadable' }, now) })
        : stay(state);
    case 'asking':
    case 'checking':
    case 'elsewhere':
      return now >= phase.endsAt ? cancelAttempt(state, given, phase, 'too-slow') : stay(state);
    case 'refused':
      return now >= phase.until ? toIdle(state, given, null) : stay(state);
    case 'ceremony':
      return now >= phase.until ? ceremonyOver(state, phase) : stay(state);
    case 'opening':
      return now >= phase.endsAt ? lock(state, given, 'limit') : stay(state);
    case 'ways':
    case 'coding':
    case 'vouching':
      return now >= phase.until ? cardlessOver(state, given) : stay(state);
    case 'emergency':
      return now >= phase.endsAt ? cardlessOver(state, given) : stay(state);
    case 'identifying':
    case 'open':
      return stay(state);
  }
};
