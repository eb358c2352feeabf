/**
 * Runs the machine of `core/login`: one event after the other, the effects of each performed before the next, then one view
 * of where it stands. Whatever an effect finds out later comes back as an event of its own.
 */

import type { LockId } from '#contract/ids.ts';
import type { TerminalPolicy } from '#contract/policy.ts';
import type { Cue, View } from '#contract/screen.ts';
import { nextDeadline } from '#core/login/deadline.ts';
import { type Effect, initialState, type LoginEvent, openOf, type State } from '#core/login/state.ts';
import { step } from '#core/login/step.ts';
import { viewOf } from '#core/login/view.ts';
import type { Clock } from './clock.ts';
import type { LeaseKeeper } from './lease.ts';
import type { Log } from './log.ts';

export interface SessionDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: TerminalPolicy;
  readonly terminal: string;
  readonly lease: LeaseKeeper;
  /** Performs what is not about views and leases. May call `dispatch`. */
  readonly perform: (effect: Effect, state: State) => void;
  /** Called after each event with the state that it led to. */
  readonly onState: (state: State) => void;
  readonly showView: (view: View) => void;
  readonly freshLock: () => LockId;
  readonly log: Log;
}

export interface Session {
  dispatch(event: LoginEvent): void;
  state(): State;
  /** The view that stands on the screen, for a screen that has just joined. */
  currentView(): View;
  stop(): void;
}

/** Longest time that a timer of Node can wait (milliseconds). */
const longestTimer = 2 ** 31 - 1;

export function createSession(deps: SessionDeps): Session {
  const { clock, lease, log } = deps;
  let state = initialState({ now: clock.now(), freshLock: deps.freshLock() }, deps.policy, deps.terminal);
  const queue: LoginEvent[] = [];
  let running = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let cue: Cue | undefined;
  let number = 1;
  let shown: View = { ...viewOf(state, clock.now()), number };
  let shownText = JSON.stringify(viewOf(state, clock.now()));

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'cover':
        return lease.cover(effect.lock);
      case 'begin-lease':
        return lease.begin(effect.lock);
      case 'cue':
        cue = effect.cue;
        return;
      default:
        return deps.perform(effect, state);
    }
  }

  function take(event: LoginEvent): void {
    const now = clock.now();
    const next = step(state, event, { now, freshLock: deps.freshLock() });
    state = next.state;
    for (const effect of next.effects) perform(effect);
    // Whatever the machine says: no desktop without an open session.
    if (openOf(state.phase) === null && lease.isHeld()) lease.cover(state.lock);
    deps.onState(state);
    log.debug('step', { kind: event.kind, phase: state.phase.kind, at: now });
  }

  function show(): void {
    const now = clock.now();
    const view = viewOf(state, now);
    const text = JSON.stringify(view);
    if (text !== shownText || cue !== undefined) {
      number += 1;
      shownText = text;
      shown = { ...view, number };
      deps.showView(cue === undefined ? shown : { ...shown, cue });
      log.debug('view', { number, picture: view.picture.kind, at: now });
      cue = undefined;
    }
    clearTimeout(timer);
    const deadline = nextDeadline(state, now);
    if (deadline !== null && !stopped)
      timer = setTimeout(() => dispatch({ kind: 'tick' }), Math.min(Math.max(1, deadline - now + 1), longestTimer));
  }

  function dispatch(event: LoginEvent): void {
    if (stopped) return;
    queue.push(event);
    if (running) return;
    running = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) take(next);
    } finally {
      running = false;
    }
    show();
  }

  return {
    dispatch,
    state: () => state,
    currentView: () => shown,
    stop() {
      stopped = true;
      clearTimeout(timer);
      lease.stop();
    },
  };
}
