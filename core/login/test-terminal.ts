import type { AttemptId, LockId, PersonId, SessionId } from '#contract/ids.ts';
import { terminalPolicy } from '#contract/policy.ts';
import { type Effect, initialState, type LoginEvent, type State } from './state.ts';
import { step } from './step.ts';
import { viewOf } from './view.ts';

export const randomUUID = () => globalThis.crypto.randomUUID();
export const policy = terminalPolicy.parse({
  pin: { shortest: 4, longest: 8 },
  idleSeconds: 600,
  warnSeconds: 20,
  helpdesk: '2119',
  whenFull: 'strict',
  offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 5, minutes: 720 },
  ways: { substitute: true, emergency: true, witness: true },
});
export const hanako = {
  person: randomUUID() as PersonId,
  name: '山田 花子',
  number: '004217',
  roles: ['clinician' as const],
};
export const taro = {
  person: randomUUID() as PersonId,
  name: '佐藤 太郎',
  number: '004218',
  roles: ['clinician' as const],
};
export const evidence = { technology: 'iso14443a', identifier: '04A1B2C3D4E580', assurance: 'identifier' } as const;
export const token = 'token';
export const grant = { key: 1, payload: 'p', signature: 's' };

/** A terminal under test: keeps the state, the time and every effect. */
export const createTerminal = (begin = 1_000_000) => {
  let now = begin;
  let state: State = initialState({ now, freshLock: randomUUID() as LockId }, policy, 'W3-NS-02');
  const all: Effect[] = [];
  const send = (event: LoginEvent): readonly Effect[] => {
    const next = step(state, event, { now, freshLock: randomUUID() as LockId });
    state = next.state;
    all.push(...next.effects);
    return next.effects;
  };
  let presentation = 0;
  return {
    send,
    wait: (milliseconds: number) => {
      now += milliseconds;
      return send({ kind: 'tick' });
    },
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    tap: (card: string) => {
      presentation += 1;
      send({ kind: 'card-entered', presentation });
      const effects = send({ kind: 'card-read', presentation, evidence, card });
      send({ kind: 'card-left', presentation });
      return effects;
    },
    type: (digits: string) => {
      for (const digit of digits) send({ kind: 'pressed', key: digit as '0' });
    },
    get state() {
      return state;
    },
    get now() {
      return now;
    },
    view: () => viewOf(state, now),
    all,
  };
};

export const ready = () => {
  const terminal = createTerminal();
  terminal.send({ kind: 'reader-changed', reader: 'ready', name: 'R' });
  terminal.send({ kind: 'link-changed', link: 'online' });
  terminal.send({ kind: 'screen-joined' });
  return terminal;
};
export type Terminal = ReturnType<typeof createTerminal>;

export const identify = (
  terminal: Terminal,
  attempt = randomUUID() as AttemptId,
  factors: ('pin' | 'totp')[] = ['pin'],
  change: { readonly all?: boolean; readonly grace?: boolean } = {},
) => {
  terminal.send({
    kind: 'identified',
    request: terminal.state.requests,
    attempt,
    ticket: 'ticket',
    greeting: hanako,
    factors,
    all: false,
    grace: false,
    ...change,
    supportCode: 'ABC-DEF-GHJ',
    endsAt: terminal.now + 60_000,
  });
  return attempt;
};

export const logIn = (terminal: Terminal, card = 'hanako') => {
  terminal.tap(card);
  const attempt = identify(terminal);
  terminal.type('1234');
  terminal.send({ kind: 'pressed', key: 'enter' });
  const session = randomUUID() as SessionId;
  terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt: terminal.now + 12 * 3_600_000 });
  terminal.send({ kind: 'opened', session });
  return session;
};

export const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.kind);
