import type { LockReason, Refusal } from '#contract/screen.ts';
import {
  type Effect,
  type Given,
  type Idle,
  type Notice,
  openOf,
  type Phase,
  type State,
  type Step,
  spans,
} from './state.ts';

export const stay = (state: State): Step => ({ state, effects: [] });

export const go = (state: State, phase: Phase, ...effects: Effect[]): Step => ({ state: { ...state, phase }, effects });

/** Performs `next` on the outcome of `first`; the effects of both, in order. */
export const andThen = (first: Step, next: (state: State) => Step): Step => {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
};

export const idle = (notice: Notice | null, now: number): Idle => ({
  kind: 'idle',
  notice,
  noticeUntil: notice ? now + spans.notice : 0,
});

export const toIdle = (state: State, given: Given, notice: Notice | null, ...effects: Effect[]): Step =>
  go(state, idle(notice, given.now), { kind: 'forget-digits' }, ...effects);

export const refuse = (
  state: State,
  given: Given,
  why: Refusal,
  supportCode: string | null,
  ...effects: Effect[]
): Step =>
  go(
    state,
    { kind: 'refused', why, supportCode, until: given.now + spans.refused },
    { kind: 'forget-digits' },
    { kind: 'cue', cue: 'refused' },
    ...effects,
  );

/**
 * Covers the screen under a fresh lock and ends whatever was under way: an open session, an attempt, an enrolment step.
 * Always possible, from every phase; the grant of an earlier lock opens nothing afterwards.
 */
export const lock = (state: State, given: Given, reason: LockReason): Step => {
  const { phase } = state;
  const open = openOf(phase);
  const effects: Effect[] = [{ kind: 'cover', lock: given.freshLock }, { kind: 'forget-digits' }];
  if (phase.kind === 'ceremony' && phase.step !== 'done')
    effects.push({ kind: 'leave-ceremony', ceremony: phase.order.ceremony });
  if (phase.kind === 'asking' || phase.kind === 'checking' || phase.kind === 'elsewhere') {
    const { attempt, ticket } = phase;
    effects.push({ kind: 'abandon', attempt, ticket, reason: reason === 'other-card' ? 'other-card' : 'lost' });
  }
  const session = open?.session ?? (phase.kind === 'opening' ? phase.session : null);
  const person = open?.greeting.person ?? (phase.kind === 'opening' ? phase.greeting.person : null);
  if (session) {
    const offline = open?.offline ?? (phase.kind === 'opening' && phase.offline === true);
    effects.push(
      { kind: 'record', facts: { kind: 'screen.locked', outcome: 'success', person, session, reason } },
      ...(offline ? [] : [{ kind: 'end-session', session, reason } as const]),
      { kind: 'close-console' },
      { kind: 'cue', cue: 'locked' },
    );
  }
  const notice: Notice | null = session ? { kind: 'locked', why: reason } : null;
  // Only who left by their own hand, at the terminal itself, may be let in again by the card alone.
  const left = reason === 'same-card' || reason === 'button';
  const ended = open && left && open.card !== null && !open.offline ? { session: open.session, card: open.card } : null;
  const recent = ended ?? (session || !left ? null : state.recent);
  return { state: { ...state, lock: given.freshLock, phase: idle(notice, given.now), recent }, effects };
};
