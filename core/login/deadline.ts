import { type Moment, openOf, type Phase, type State, spans } from './state.ts';

/** When the idle warning begins. */
export const warningAt = (state: State, inputAt: Moment): Moment =>
  inputAt + Math.max(0, state.policy.idleSeconds - state.policy.warnSeconds) * 1000;

/** The next moment at which time alone changes the state or the view; `null` when only an event can. */
export const nextDeadline = (state: State, now: Moment): Moment | null => {
  const moments: Moment[] = [];
  const open = openOf(state.phase);
  if (open) {
    const idleAt = open.inputAt + state.policy.idleSeconds * 1000;
    moments.push(open.endsAt, idleAt, open.reportedAt + spans.idleSilence);
    const warning = warningAt(state, open.inputAt);
    if (warning > now) moments.push(warning);
  }
  const { offlineUntil } = state;
  if (offlineUntil !== null && offlineUntil > now) moments.push(offlineUntil);
  const own = ownDeadline(state.phase, now);
  if (own !== null) moments.push(own);
  return moments.length === 0 ? null : Math.min(...moments);
};

const ownDeadline = (phase: Phase, now: Moment): Moment | null => {
  switch (phase.kind) {
    case 'idle':
      return phase.notice ? phase.noticeUntil : null;
    case 'reading':
    case 'refused':
    case 'ceremony':
    case 'ways':
    case 'vouching':
      return phase.until;
    case 'coding':
      // A pause that ends is seen.
      return phase.waitUntil !== null && phase.waitUntil > now ? phase.waitUntil : phase.until;
    case 'asking':
    case 'checking':
    case 'elsewhere':
    case 'opening':
    case 'emergency':
      return phase.endsAt;
    case 'identifying':
    case 'open':
      return null;
  }
};
