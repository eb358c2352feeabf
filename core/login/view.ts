import type { NotReady, Picture, View } from '#contract/screen.ts';
import { longestOf, openFactors, shortestOf } from './attempt.ts';
import { waysOf } from './cardless.ts';
import { cardlessPictureOf } from './cardless-view.ts';
import { warningAt } from './deadline.ts';
import type { Moment, State } from './state.ts';
import { mayOpenConsole } from './step.ts';
import { mayLetInOffline } from './taps.ts';

/** What the screen shows of a state. `cover` is false only while a session is open with nothing lying over it. */
export const viewOf = (state: State, now: Moment): Omit<View, 'number' | 'cue'> => ({
  cover: state.phase.kind !== 'open',
  terminal: state.terminal,
  helpdesk: state.policy.helpdesk,
  online: state.link === 'online' && !isOffline(state),
  offlineUntil: offlineUntilOf(state, now),
  clockWrong: state.clockWrong,
  diskFull: state.journal === 'reserve',
  ways: waysOf(state),
  picture: pictureOf(state, now),
});

const pictureOf = (state: State, now: Moment): Picture => {
  const { phase } = state;
  switch (phase.kind) {
    case 'idle': {
      const why = notReadyOf(state, now);
      if (why) return { kind: 'not-ready', why };
      return phase.notice ? { kind: 'ready', notice: phase.notice } : { kind: 'ready' };
    }
    case 'reading':
    case 'identifying':
      return { kind: phase.kind };
    case 'asking':
    case 'checking':
      if (phase.factor === 'grace') return { kind: 'opening', greet: phase.greeting.name };
      return {
        kind: 'secret',
        greet: phase.greeting.name,
        factor: phase.factor,
        // Where each is wanted, they come one after the other.
        others: phase.all ? [] : openFactors(phase).filter((factor) => factor !== phase.factor),
        accepted: [...phase.accepted],
        typed: phase.typed,
        shortest: shortestOf(state, phase.factor),
        longest: longestOf(state, phase.factor),
        checking: phase.kind === 'checking',
        ...(phase.wrong ? { wrong: phase.wrong } : {}),
        ...(phase.purpose === 'witness' ? { asWitness: true } : {}),
        endsAt: phase.endsAt,
      };
    case 'elsewhere':
      return {
        kind: 'elsewhere',
        greet: phase.greeting.name,
        there: phase.there,
        since: phase.since,
        sending: phase.sending,
        endsAt: phase.endsAt,
      };
    case 'refused':
      return { kind: 'refused', why: phase.why, ...(phase.supportCode ? { supportCode: phase.supportCode } : {}) };
    case 'opening':
      return { kind: 'opening', greet: phase.greeting.name };
    case 'open': {
      const warned = now >= warningAt(state, phase.inputAt);
      return {
        kind: 'open',
        greet: phase.greeting.name,
        number: phase.greeting.number,
        endsAt: phase.endsAt,
        mayOpenConsole: !phase.offline && mayOpenConsole(phase.greeting.roles),
        ...(warned ? { locksAt: phase.inputAt + state.policy.idleSeconds * 1000 } : {}),
      };
    }
    case 'ceremony':
      return {
        kind: 'ceremony',
        task: phase.order.task,
        step: phase.step,
        person: phase.order.personName,
        by: phase.order.byName,
        typed: phase.typed,
        ...state.policy.pin,
        ...(phase.problem ? { problem: phase.problem } : {}),
      };
    case 'ways':
    case 'coding':
    case 'vouching':
    case 'emergency':
      return cardlessPictureOf(phase, now);
  }
};

/** Whoever is in front of the screen is dealt with by the terminal alone. */
const isOffline = ({ phase }: State): boolean => 'offline' in phase && phase.offline === true;

const offlineUntilOf = (state: State, now: Moment): Moment | null => {
  if (state.phase.kind === 'open' && state.phase.offline) return state.phase.endsAt;
  return isOffline(state) || mayLetInOffline(state, now) ? state.offlineUntil : null;
};

/** The first thing that stands in the way of a card, the one that a person can do least about first. */
const notReadyOf = (state: State, now: Moment): NotReady | null => {
  if (state.journal === 'failed' || state.journal === 'full') return `journal-${state.journal}`;
  if (state.link === 'not-enrolled' || state.link === 'terminal-revoked') return state.link;
  if (state.reader === 'starting' || state.link === 'starting') return 'starting';
  if (state.reader !== 'ready') return state.reader;
  if (mayLetInOffline(state, now)) return null;
  if (state.link === 'clock-wrong') return 'clock-wrong';
  if (state.link === 'unreachable') return 'server-unreachable';
  return null;
};
