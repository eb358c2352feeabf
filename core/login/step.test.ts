import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AttemptId, CeremonyId, LockId, PersonId, SessionId } from '#contract/ids.ts';
import { terminalPolicy } from '#contract/policy.ts';
import { view as viewSchema } from '#contract/screen.ts';
import { nextDeadline } from './deadline.ts';
import { type Effect, initialState, type LoginEvent, openOf, type State, spans } from './state.ts';
import { step } from './step.ts';
import { viewOf } from './view.ts';

const randomUUID = () => globalThis.crypto.randomUUID();
const policy = terminalPolicy.parse({
  pin: { shortest: 4, longest: 8 },
  idleSeconds: 600,
  warnSeconds: 20,
  helpdesk: '2119',
});
const hanako = { person: randomUUID() as PersonId, name: '山田 花子', number: '004217', roles: ['clinician' as const] };
const evidence = { technology: 'iso14443a', identifier: '04A1B2C3D4E580', assurance: 'identifier' } as const;
const grant = { payload: 'p', signature: 's' };

/** A terminal under test: keeps the state, the time and every effect. */
const createTerminal = (begin = 1_000_000) => {
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

const ready = () => {
  const terminal = createTerminal();
  terminal.send({ kind: 'reader-changed', reader: 'ready', name: 'R' });
  terminal.send({ kind: 'link-changed', link: 'online' });
  terminal.send({ kind: 'screen-joined' });
  return terminal;
};
type Terminal = ReturnType<typeof createTerminal>;

const identify = (terminal: Terminal, attempt = randomUUID() as AttemptId, factors: ('pin' | 'totp')[] = ['pin']) => {
  terminal.send({
    kind: 'identified',
    request: terminal.state.requests,
    attempt,
    greeting: hanako,
    factors,
    supportCode: 'ABC-DEF-GHJ',
    endsAt: terminal.now + 60_000,
  });
  return attempt;
};

const logIn = (terminal: Terminal, card = 'hanako') => {
  terminal.tap(card);
  const attempt = identify(terminal);
  terminal.type('1234');
  terminal.send({ kind: 'pressed', key: 'enter' });
  const session = randomUUID() as SessionId;
  terminal.send({ kind: 'proved', attempt, session, grant, endsAt: terminal.now + 12 * 3_600_000 });
  terminal.send({ kind: 'opened', session });
  return session;
};

const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.kind);

describe('a login', () => {
  test('goes from card to PIN to an open desktop', () => {
    const terminal = ready();
    assert.deepEqual(kinds(terminal.tap('hanako')), ['forget-digits', 'identify', 'cue']);
    const attempt = identify(terminal);
    terminal.type('1234');
    assert.equal(terminal.view().picture.kind, 'secret');
    assert.deepEqual(kinds(terminal.send({ kind: 'pressed', key: 'enter' })), ['prove']);
    const session = randomUUID() as SessionId;
    const opening = terminal.send({ kind: 'proved', attempt, session, grant, endsAt: terminal.now + 1000 });
    assert.deepEqual(kinds(opening), ['open']);
    assert.equal(terminal.view().cover, true, 'still covered until the event is durable');
    assert.deepEqual(kinds(terminal.send({ kind: 'opened', session })), ['begin-lease', 'cue']);
    assert.equal(terminal.view().cover, false);
  });

  test('sends a TOTP with its sixth digit', () => {
    const terminal = ready();
    terminal.tap('hanako');
    identify(terminal, undefined, ['pin', 'totp']);
    terminal.send({ kind: 'factor-chosen', factor: 'totp' });
    terminal.type('12345');
    assert.equal(terminal.all.filter((effect) => effect.kind === 'prove').length, 0);
    terminal.type('6');
    assert.equal(terminal.all.filter((effect) => effect.kind === 'prove').length, 1);
  });

  test('does not send a PIN that is too short', () => {
    const terminal = ready();
    terminal.tap('hanako');
    identify(terminal);
    terminal.type('123');
    assert.deepEqual(terminal.send({ kind: 'pressed', key: 'enter' }), []);
  });

  test('shows the tries that are left after a wrong PIN, and asks again', () => {
    const terminal = ready();
    terminal.tap('hanako');
    const attempt = identify(terminal);
    terminal.type('9999');
    terminal.send({ kind: 'pressed', key: 'enter' });
    terminal.send({ kind: 'prove-failed', attempt, failure: { code: 'PROOF_WRONG', triesLeft: 4 } });
    const { picture } = terminal.view();
    assert.ok(picture.kind === 'secret' && picture.wrong?.triesLeft === 4 && picture.typed === 0);
  });

  test('refuses a card with a support code, and takes the next card at once', () => {
    const terminal = ready();
    terminal.tap('stranger');
    terminal.send({
      kind: 'identify-failed',
      request: terminal.state.requests,
      failure: { code: 'CARD_REFUSED', supportCode: 'KLM-NPQ-RST' },
    });
    assert.deepEqual(terminal.view().picture, { kind: 'refused', why: 'card', supportCode: 'KLM-NPQ-RST' });
    terminal.pass(2000);
    assert.ok(kinds(terminal.tap('hanako')).includes('identify'));
  });

  test('without a server says so instead of asking for a secret', () => {
    const terminal = ready();
    terminal.send({ kind: 'link-changed', link: 'unreachable' });
    assert.deepEqual(terminal.view().picture, { kind: 'not-ready', why: 'server-unreachable' });
    terminal.tap('hanako');
    assert.deepEqual(terminal.view().picture, { kind: 'refused', why: 'server' });
  });

  test('goes on while the clock is wrong, which is shown, and says so when the clock keeps the server away', () => {
    const terminal = ready();
    assert.equal(terminal.view().clockWrong, false);
    terminal.send({ kind: 'clock-changed', wrong: true });
    assert.equal(terminal.view().clockWrong, true);
    logIn(terminal);
    assert.equal(terminal.view().picture.kind, 'open');
    terminal.send({ kind: 'lock-asked', reason: 'button' });
    terminal.wait(spans.notice);
    terminal.send({ kind: 'link-changed', link: 'clock-wrong' });
    assert.deepEqual(terminal.view().picture, { kind: 'not-ready', why: 'clock-wrong' });
    terminal.send({ kind: 'link-changed', link: 'online' });
    terminal.send({ kind: 'clock-changed', wrong: false });
    assert.deepEqual(terminal.view().picture, { kind: 'ready' });
    assert.equal(terminal.view().clockWrong, false);
  });
});

describe('taps', () => {
  test('the same card locks; another card locks and goes on with its own attempt', () => {
    const terminal = ready();
    const session = logIn(terminal);
    terminal.pass(5000);
    const effects = terminal.tap('hanako');
    assert.deepEqual(
      effects.find((effect) => effect.kind === 'end-session'),
      { kind: 'end-session', session, reason: 'same-card' },
    );
    assert.equal(terminal.view().cover, true);

    terminal.pass(5000);
    logIn(terminal);
    const over = terminal.tap('taro');
    assert.ok(kinds(over).indexOf('cover') < kinds(over).indexOf('identify'));
    assert.equal(terminal.state.phase.kind, 'identifying');
  });

  test('a resting or trembling card, and a second tap in haste, lock nobody out', () => {
    const terminal = ready();
    logIn(terminal);
    terminal.pass(200);
    terminal.tap('hanako');
    terminal.pass(1600);
    terminal.tap('hanako');
    for (let i = 0; i < 20; i += 1) {
      terminal.pass(700);
      terminal.tap('hanako');
    }
    assert.equal(terminal.view().cover, false);
    terminal.pass(spans.haste + spans.lifted);
    terminal.tap('hanako');
    assert.equal(terminal.view().cover, true);
  });

  test('a card that lies on the reader while its service comes back locks nobody out', () => {
    const terminal = ready();
    logIn(terminal);
    terminal.pass(60_000);
    terminal.send({ kind: 'reader-changed', reader: 'no-service', name: '' });
    terminal.pass(2_000);
    terminal.send({ kind: 'idle-reported', seconds: 0 });
    terminal.send({ kind: 'reader-changed', reader: 'ready', name: 'R' });
    terminal.pass(50);
    terminal.send({ kind: 'card-entered', presentation: 50, resting: true });
    terminal.send({ kind: 'card-read', presentation: 50, evidence, card: 'hanako' });
    terminal.send({ kind: 'card-left', presentation: 50 });
    assert.equal(terminal.view().cover, false);
    terminal.pass(spans.lifted + spans.sameTap);
    terminal.tap('hanako');
    assert.equal(terminal.view().cover, true);
  });

  test('another card in the middle of an attempt ends it and begins its own', () => {
    const terminal = ready();
    terminal.tap('hanako');
    const attempt = identify(terminal);
    terminal.type('12');
    const effects = terminal.tap('taro');
    assert.deepEqual(
      effects.find((effect) => effect.kind === 'abandon'),
      { kind: 'abandon', attempt, reason: 'other-card' },
    );
    assert.ok(kinds(effects).includes('forget-digits'));
  });

  test('two cards in one hand are no attempt of either, also when the first was known already', () => {
    const several = { kind: 'card-misread', presentation: 9, reason: 'several-cards', reader: 'R' } as const;
    const terminal = ready();
    terminal.tap('hanako');
    terminal.send(several);
    assert.deepEqual(terminal.view().picture, { kind: 'ready', notice: { kind: 'misread', why: 'several-cards' } });
    const late = randomUUID() as AttemptId;
    identify(terminal, late);
    assert.equal(terminal.view().picture.kind, 'ready');

    terminal.pass(5000);
    terminal.tap('hanako');
    const attempt = identify(terminal);
    const effects = terminal.send(several);
    assert.deepEqual(
      effects.find((effect) => effect.kind === 'abandon'),
      { kind: 'abandon', attempt, reason: 'other-card' },
    );
    assert.equal(terminal.view().picture.kind, 'ready');

    terminal.pass(5000);
    logIn(terminal);
    terminal.send(several);
    assert.equal(terminal.view().cover, false);
  });
});

describe('locking', () => {
  test('a late acceptance opens nothing and ends its session', () => {
    const terminal = ready();
    terminal.tap('hanako');
    const attempt = identify(terminal);
    terminal.type('1234');
    terminal.send({ kind: 'pressed', key: 'enter' });
    terminal.send({ kind: 'lock-asked', reason: 'suspend' });
    const session = randomUUID() as SessionId;
    const late = terminal.send({ kind: 'proved', attempt, session, grant, endsAt: terminal.now + 1000 });
    assert.deepEqual(kinds(late), ['end-session']);
    terminal.send({ kind: 'opened', session });
    assert.equal(terminal.view().cover, true);
  });

  test('warns before the idle limit and locks at it', () => {
    const terminal = ready();
    logIn(terminal);
    for (let second = 1; second < 590; second += 1) {
      terminal.pass(1000);
      terminal.send({ kind: 'idle-reported', seconds: second });
    }
    const { picture } = terminal.view();
    assert.ok(picture.kind === 'open' && picture.locksAt !== undefined);
    for (let second = 590; second <= 600; second += 1) {
      terminal.pass(1000);
      terminal.send({ kind: 'idle-reported', seconds: second });
    }
    assert.deepEqual(terminal.view().picture, { kind: 'ready', notice: { kind: 'locked', why: 'idle' } });
  });

  test('an open desktop whose screen reports nothing any more is covered', () => {
    const terminal = ready();
    logIn(terminal);
    terminal.wait(spans.idleSilence + 1);
    assert.equal(terminal.view().cover, true);
  });

  test('a revocation locks, and is confirmed only when the screen is covered', () => {
    const terminal = ready();
    logIn(terminal);
    const order = {
      number: 7,
      what: 'card',
      subject: randomUUID(),
      person: hanako.person,
      at: '2026-10-05T08:31:07Z',
    } as const;
    const effects = terminal.send({ kind: 'revocation-ordered', order });
    assert.ok(kinds(effects).includes('cover') && !kinds(effects).includes('confirm'));
    terminal.pass(40);
    const confirmed = terminal.send({ kind: 'covered', lock: terminal.state.lock });
    assert.deepEqual(confirmed, [
      { kind: 'confirm', number: 7, receivedAt: terminal.now - 40, lockedAt: terminal.now },
    ]);
  });

  test('the end of its session by the server locks, and that of another session does not', () => {
    const terminal = ready();
    const session = logIn(terminal);
    terminal.send({ kind: 'session-ended', session: randomUUID() as SessionId });
    assert.equal(terminal.view().picture.kind, 'open');
    terminal.send({ kind: 'session-ended', session });
    assert.deepEqual(terminal.view().picture, { kind: 'ready', notice: { kind: 'locked', why: 'server-ended' } });
  });

  test('a revocation of somebody else is confirmed at once and locks nobody', () => {
    const terminal = ready();
    logIn(terminal);
    const order = {
      number: 8,
      what: 'person',
      subject: randomUUID(),
      person: null,
      at: '2026-10-05T08:31:07Z',
    } as const;
    assert.deepEqual(kinds(terminal.send({ kind: 'revocation-ordered', order })), ['confirm']);
    assert.equal(terminal.view().cover, false);
  });
});

describe('an enrolment step', () => {
  const order = (task: 'card' | 'pin') => ({
    ceremony: randomUUID() as CeremonyId,
    task,
    personName: '山田 花子',
    byName: '田中',
    expiresAt: '2026-10-05T08:31:07Z',
  });

  test('takes a card, then a PIN twice', () => {
    const terminal = ready();
    const asked = order('pin');
    terminal.send({ kind: 'ceremony-asked', order: asked, endsAt: terminal.now + 120_000 });
    terminal.tap('hanako');
    terminal.send({ kind: 'ceremony-answered', ceremony: asked.ceremony, next: 'choose-pin' });
    terminal.type('2580');
    terminal.send({ kind: 'pressed', key: 'enter' });
    terminal.type('2580');
    assert.deepEqual(kinds(terminal.send({ kind: 'pressed', key: 'enter' })), ['compare-pins']);
    assert.deepEqual(kinds(terminal.send({ kind: 'pins-compared', ceremony: asked.ceremony, same: true })), [
      'give-pin',
    ]);
    terminal.send({ kind: 'ceremony-answered', ceremony: asked.ceremony, next: 'done' });
    terminal.wait(spans.ceremonyDone);
    assert.equal(terminal.view().picture.kind, 'ready');
  });

  test('covers an open desktop and gives it back afterwards', () => {
    const terminal = ready();
    logIn(terminal);
    const asked = order('card');
    terminal.send({ kind: 'ceremony-asked', order: asked, endsAt: terminal.now + 120_000 });
    assert.equal(terminal.view().cover, true);
    terminal.send({ kind: 'cancelled' });
    assert.equal(terminal.view().cover, false);
  });
});

describe('whatever happens', () => {
  const uuid = fc.constantFrom('11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222');
  const card = fc.constantFrom('hanako', 'taro');
  const failureCode = fc.constantFrom(
    'CARD_REFUSED',
    'PROOF_WRONG',
    'PROOF_LOCKED',
    'SERVER_UNREACHABLE',
    'PIN_EASY',
    'INTERNAL',
  );
  const failure = fc.record({ code: failureCode });
  const endsAt = fc.integer({ min: 0, max: 3_000_000 });
  const event = fc.oneof(
    fc.constant({ kind: 'tick' }),
    fc.record({
      kind: fc.constant('reader-changed'),
      reader: fc.constantFrom('ready', 'no-reader', 'no-service'),
      name: fc.constant('R'),
    }),
    fc.record({ kind: fc.constant('card-entered'), presentation: fc.integer({ min: 1, max: 3 }) }),
    fc.record({
      kind: fc.constant('card-read'),
      presentation: fc.integer({ min: 1, max: 3 }),
      evidence: fc.constant(evidence),
      card,
    }),
    fc.record({
      kind: fc.constant('card-misread'),
      presentation: fc.integer({ min: 1, max: 3 }),
      reason: fc.constantFrom('unreadable', 'several-cards'),
      reader: fc.constant('R'),
    }),
    fc.record({ kind: fc.constant('card-left'), presentation: fc.integer({ min: 1, max: 3 }) }),
    fc.record({
      kind: fc.constant('link-changed'),
      link: fc.constantFrom('online', 'unreachable', 'clock-wrong', 'terminal-revoked'),
    }),
    fc.record({
      kind: fc.constant('identified'),
      request: fc.integer({ min: 0, max: 4 }),
      attempt: uuid,
      greeting: fc.constant(hanako),
      factors: fc.constant(['pin', 'totp']),
      supportCode: fc.constant('X'),
      endsAt,
    }),
    fc.record({ kind: fc.constant('identify-failed'), request: fc.integer({ min: 0, max: 4 }), failure }),
    fc.record({ kind: fc.constant('proved'), attempt: uuid, session: uuid, grant: fc.constant(grant), endsAt }),
    fc.record({ kind: fc.constant('prove-failed'), attempt: uuid, failure }),
    fc.record({ kind: fc.constant('opened'), session: uuid }),
    fc.record({ kind: fc.constant('open-failed'), session: uuid }),
    fc.record({ kind: fc.constant('session-ended'), session: uuid }),
    fc.record({
      kind: fc.constant('revocation-ordered'),
      order: fc.record({
        number: fc.integer({ min: 1, max: 9 }),
        what: fc.constantFrom('card', 'person', 'session', 'terminal'),
        subject: uuid,
        person: fc.constantFrom(hanako.person, null),
        at: fc.constant('2026-10-05T08:31:07Z'),
      }),
    }),
    fc.record({
      kind: fc.constant('ceremony-asked'),
      order: fc.record({
        ceremony: uuid,
        task: fc.constantFrom('card', 'pin'),
        personName: fc.constant('a'),
        byName: fc.constant('b'),
        expiresAt: fc.constant('2026-10-05T08:31:07Z'),
      }),
      endsAt,
    }),
    fc.record({ kind: fc.constant('ceremony-answered'), ceremony: uuid, next: fc.constantFrom('done', 'choose-pin') }),
    fc.record({ kind: fc.constant('ceremony-failed'), ceremony: uuid, failure }),
    fc.record({ kind: fc.constant('pins-compared'), ceremony: uuid, same: fc.boolean() }),
    fc.record({ kind: fc.constant('ceremony-cancelled'), ceremony: uuid }),
    fc.constant({ kind: 'screen-joined' }),
    fc.constant({ kind: 'screen-lost' }),
    fc.record({ kind: fc.constant('pressed'), key: fc.constantFrom('1', '2', 'back', 'clear', 'enter') }),
    fc.record({ kind: fc.constant('factor-chosen'), factor: fc.constantFrom('pin', 'totp') }),
    fc.constant({ kind: 'cancelled' }),
    fc.record({ kind: fc.constant('lock-asked'), reason: fc.constantFrom('button', 'suspend') }),
    fc.constant({ kind: 'stayed' }),
    fc.record({ kind: fc.constant('idle-reported'), seconds: fc.integer({ min: 0, max: 900 }) }),
  ) as fc.Arbitrary<LoginEvent>;
  /** A whole login, so that walks get as far as the open desktop; other events fall in between. */
  const login: LoginEvent[] = [
    { kind: 'reader-changed', reader: 'ready', name: 'R' },
    { kind: 'link-changed', link: 'online' },
    { kind: 'card-read', presentation: 9, evidence, card: 'jiro' },
    {
      kind: 'identified',
      request: 1,
      attempt: '11111111-1111-4111-8111-111111111111' as AttemptId,
      greeting: hanako,
      factors: ['totp'],
      supportCode: 'X',
      endsAt: 9_000_000,
    },
    ...Array.from({ length: 6 }, () => ({ kind: 'pressed', key: '1' }) as const),
    {
      kind: 'proved',
      attempt: '11111111-1111-4111-8111-111111111111' as AttemptId,
      session: '22222222-2222-4222-8222-222222222222' as SessionId,
      grant,
      endsAt: 9_000_000,
    },
    { kind: 'opened', session: '22222222-2222-4222-8222-222222222222' as SessionId },
  ];
  const interruption = fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: event });
  const pause = fc.integer({ min: 0, max: 4000 });
  const someEvents = fc.array(fc.tuple(event, pause), { maxLength: 60 });
  const walk = fc
    .tuple(fc.boolean(), fc.array(interruption, { minLength: login.length, maxLength: login.length }), someEvents)
    .map(([begin, between, rest]) => {
      const start = begin ? login.flatMap((each, i) => [...(between[i] ? [between[i]] : []), each]) : [];
      return [...start.map((each) => [each, 10] as const), ...rest];
    });

  /** Follows the effects of one step: who was accepted, which lock is leased, how many digits are held. */
  const follow = (effect: Effect, cause: LoginEvent, lockBefore: LockId, ledger: Ledger): void => {
    switch (effect.kind) {
      case 'open':
        assert.equal(cause.kind, 'proved', 'only an accepted proof begins to open');
        assert.equal(effect.lock, lockBefore);
        ledger.accepted = effect.session;
        break;
      case 'begin-lease':
        assert.ok(cause.kind === 'opened' && cause.session === ledger.accepted, 'only the accepted session is shown');
        ledger.leased = effect.lock;
        break;
      case 'cover':
        assert.notEqual(effect.lock, lockBefore, 'every lock is a fresh one');
        ledger.leased = null;
        ledger.accepted = null;
        break;
      case 'add-digit':
        ledger.digits += 1;
        break;
      case 'drop-digit':
        ledger.digits -= 1;
        break;
      case 'forget-digits':
      case 'prove':
      case 'keep-first-pin':
      case 'give-pin':
        ledger.digits = 0;
        break;
    }
  };
  interface Ledger {
    leased: LockId | null;
    accepted: SessionId | null;
    digits: number;
  }

  const checkState = (terminal: Terminal, ledger: Ledger): void => {
    const { phase } = terminal.state;
    const view = terminal.view();
    assert.equal(openOf(phase) !== null, ledger.leased !== null, 'a lease runs exactly while a session is open');
    assert.ok(view.cover || ledger.leased === terminal.state.lock, 'never uncovered without a lease of this lock');
    if (phase.kind === 'asking') assert.equal(phase.typed, ledger.digits, 'the count shown is the count held');
    viewSchema.parse({ ...view, number: 1 });
    if (phase.kind === 'open')
      assert.ok(nextDeadline(terminal.state, terminal.now) !== null, 'an open desktop has an end');
  };

  /** How many walks got as far as an open desktop. */
  let opened = 0;
  const check = (events: readonly (readonly [LoginEvent, number])[]) => {
    const terminal = ready();
    const ledger: Ledger = { leased: null, accepted: null, digits: 0 };
    for (const [next, pause] of events) {
      terminal.pass(pause);
      const { lock } = terminal.state;
      for (const effect of terminal.send(next)) follow(effect, next, lock, ledger);
      checkState(terminal, ledger);
    }
    if (terminal.all.some((effect) => effect.kind === 'begin-lease')) opened += 1;
    return terminal;
  };

  test('nothing uncovers the desktop but an accepted attempt of this very lock', () => {
    fc.assert(
      fc.property(walk, (events) => void check(events)),
      { numRuns: 1500 },
    );
    assert.ok(opened > 200, `only ${opened} walks got as far as an open desktop`);
  });

  test('a lock is reachable from every state, at once', () => {
    fc.assert(
      fc.property(walk, (events) => {
        const terminal = check(events);
        terminal.send({ kind: 'lock-asked', reason: 'button' });
        assert.equal(terminal.view().cover, true);
        assert.equal(terminal.state.phase.kind, 'idle');
      }),
      { numRuns: 300 },
    );
  });

  test('time alone leads every state back to a covered, waiting screen', () => {
    fc.assert(
      fc.property(walk, (events) => {
        const terminal = check(events);
        for (let i = 0; i < 20; i += 1) {
          const deadline = nextDeadline(terminal.state, terminal.now);
          if (deadline === null) break;
          terminal.wait(Math.max(1, deadline - terminal.now));
        }
        assert.ok(terminal.view().cover);
        assert.ok(['idle', 'identifying'].includes(terminal.state.phase.kind), terminal.state.phase.kind);
      }),
      { numRuns: 300 },
    );
  });

  test('a late answer of an earlier attempt changes nothing', () => {
    const terminal = ready();
    terminal.tap('hanako');
    const first = identify(terminal);
    terminal.tap('taro');
    const second = identify(terminal);
    const before = terminal.state;
    terminal.send({ kind: 'prove-failed', attempt: first, failure: { code: 'PROOF_WRONG' } });
    terminal.send({ kind: 'identify-failed', request: 1, failure: { code: 'CARD_REFUSED' } });
    assert.deepEqual(terminal.state, before);
    assert.ok(before.phase.kind === 'asking' && before.phase.attempt === second);
  });
});
