import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { emergencyReason, way } from '#contract/cardless.ts';
import type { AttemptId, LockId, SessionId } from '#contract/ids.ts';
import { type Key, view as viewSchema } from '#contract/screen.ts';
import type { Coding, Emergency } from './cardless-state.ts';
import { nextDeadline } from './deadline.ts';
import { type Asking, type Effect, type LoginEvent, openOf, type State } from './state.ts';
import { evidence, grant, hanako, identify, ready, type Terminal, taro, token } from './test-terminal.ts';

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
    fc.record({ kind: fc.constant('offline-changed'), until: fc.option(endsAt) }),
    fc.record({
      kind: fc.constant('identified'),
      offline: fc.boolean(),
      request: fc.integer({ min: 0, max: 4 }),
      attempt: uuid,
      ticket: fc.constant('ticket'),
      greeting: fc.constant(hanako),
      factors: fc.constant(['pin', 'totp']),
      all: fc.boolean(),
      grace: fc.boolean(),
      supportCode: fc.constant('X'),
      endsAt,
    }),
    fc.record({ kind: fc.constant('identify-failed'), request: fc.integer({ min: 0, max: 4 }), failure }),
    fc.record({
      kind: fc.constant('proved'),
      attempt: uuid,
      session: uuid,
      token: fc.constant(token),
      grant: fc.constantFrom(grant, null),
      endsAt,
    }),
    fc.record({ kind: fc.constant('more-wanted'), attempt: uuid, factors: fc.constant(['totp']) }),
    fc.record({ kind: fc.constant('elsewhere-found'), attempt: uuid, there: fc.constant('W4'), since: endsAt }),
    fc.record({ kind: fc.constant('settle-asked'), choice: fc.constantFrom('end-there', 'keep-both') }),
    fc.record({
      kind: fc.constant('first-pin-asked'),
      attempt: uuid,
      order: fc.record({
        ceremony: uuid,
        task: fc.constant('pin'),
        personName: fc.constant('a'),
        byName: fc.constant(''),
        expiresAt: fc.constant('2026-10-05T08:31:07Z'),
      }),
      endsAt,
    }),
    fc.record({ kind: fc.constant('prove-failed'), attempt: uuid, failure }),
    fc.record({ kind: fc.constant('opened'), session: uuid }),
    fc.record({ kind: fc.constant('open-failed'), session: uuid }),
    fc.record({
      kind: fc.constant('session-ended'),
      session: uuid,
      reason: fc.constantFrom('server-ended', 'elsewhere'),
    }),
    fc.record({
      kind: fc.constant('revocation-ordered'),
      order: fc.record({
        number: fc.integer({ min: 1, max: 9 }),
        what: fc.constantFrom('card', 'credential', 'person', 'session', 'terminal'),
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
    fc.constant({ kind: 'without-card-asked' }),
    fc.record({ kind: fc.constant('way-chosen'), way: fc.constantFrom(...way.options) }),
    fc.record({ kind: fc.constant('code-failed'), request: fc.integer({ min: 0, max: 4 }), failure }),
    fc.record({
      kind: fc.constant('emergency-begun'),
      request: fc.integer({ min: 0, max: 4 }),
      attempt: uuid,
      ticket: fc.constant('ticket'),
      supportCode: fc.constant('X'),
      endsAt,
    }),
    fc.record({
      kind: fc.constant('witnessed'),
      attempt: uuid,
      next: uuid,
      ticket: fc.constant('ticket'),
      supportCode: fc.constant('X'),
      endsAt,
    }),
    fc.record({
      kind: fc.constant('colleague-found'),
      attempt: uuid,
      ticket: fc.constant('ticket'),
      colleague: fc.constant(taro),
      endsAt,
    }),
    fc.record({ kind: fc.constant('reason-chosen'), reason: fc.constantFrom(...emergencyReason.options) }),
    fc.constant({ kind: 'confirmed' }),
    fc.record({ kind: fc.constant('emergency-failed'), attempt: uuid, failure }),
  ) as fc.Arbitrary<LoginEvent>;
  const first = '11111111-1111-4111-8111-111111111111' as AttemptId;
  const second = '22222222-2222-4222-8222-222222222222' as AttemptId;
  const press = (digits: number, ...more: Key[]): LoginEvent[] =>
    [...Array.from({ length: digits }, () => '1' as const), ...more].map((key) => ({ kind: 'pressed', key }));
  const session = '22222222-2222-4222-8222-222222222222' as SessionId;
  const readied: LoginEvent[] = [
    { kind: 'reader-changed', reader: 'ready', name: 'R' },
    { kind: 'link-changed', link: 'online' },
  ];
  const open = (attempt: AttemptId): LoginEvent[] => [
    { kind: 'proved', attempt, session, token, grant, endsAt: 9_000_000 },
    { kind: 'opened', session },
  ];
  const identifiedAs = (request: number, attempt: AttemptId): LoginEvent => ({
    kind: 'identified',
    request,
    attempt,
    ticket: 'ticket',
    greeting: hanako,
    factors: ['totp'],
    all: false,
    grace: false,
    supportCode: 'X',
    endsAt: 9_000_000,
  });
  const begun = { attempt: first, ticket: 'ticket', supportCode: 'X', endsAt: 9_000_000 } as const;
  const found: LoginEvent = {
    kind: 'colleague-found',
    attempt: second,
    ticket: 'ticket',
    colleague: taro,
    endsAt: 9_000_000,
  };
  const reasoned: LoginEvent[] = [{ kind: 'reason-chosen', reason: 'drill' }, { kind: 'confirmed' }];
  /** Ways to an open desktop without a card of one's own. */
  const cardless: LoginEvent[][] = [
    [
      ...readied,
      { kind: 'without-card-asked' },
      { kind: 'way-chosen', way: 'substitute' },
      ...press(12, 'enter'),
      identifiedAs(1, first),
      ...press(6),
      ...open(first),
    ],
    [
      ...readied,
      { kind: 'without-card-asked' },
      { kind: 'way-chosen', way: 'emergency' },
      ...press(20, 'enter'),
      { kind: 'emergency-begun', request: 1, ...begun },
      ...press(6, 'enter'),
      { ...found, attempt: first },
      ...reasoned,
      ...open(first),
    ],
    [
      ...readied,
      { kind: 'without-card-asked' },
      { kind: 'way-chosen', way: 'witness' },
      { kind: 'card-read', presentation: 9, evidence, card: 'jiro' },
      identifiedAs(1, first),
      ...press(6),
      { kind: 'witnessed', ...begun, next: second },
      ...press(6, 'enter'),
      found,
      ...reasoned,
      ...open(second),
    ],
  ];
  /** A whole login, so that walks get as far as the open desktop; other events fall in between. */
  const login: LoginEvent[] = [
    ...readied,
    { kind: 'card-read', presentation: 9, evidence, card: 'jiro' },
    identifiedAs(1, first),
    ...press(6),
    ...open(first),
  ];
  const interruption = fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: event });
  const pause = fc.integer({ min: 0, max: 4000 });
  const someEvents = fc.array(fc.tuple(event, pause), { maxLength: 60 });
  const beginnings = [[], login, login, ...cardless];
  const longest = Math.max(...beginnings.map(({ length }) => length));
  const walk = fc
    .tuple(
      fc.constantFrom(...beginnings),
      fc.array(interruption, { minLength: longest, maxLength: longest }),
      someEvents,
    )
    .map(([beginning, between, rest]) => {
      const start = beginning.flatMap((each, i) => [...(between[i] ? [between[i]] : []), each]);
      return [...start.map((each) => [each, 10] as const), ...rest];
    });

  /** Follows the effects of one step: who was accepted, which lock is leased, how many digits are held. */
  const follow = (effect: Effect, cause: LoginEvent, before: State, ledger: Ledger): void => {
    switch (effect.kind) {
      case 'open':
        assert.equal(cause.kind, 'proved', 'only an accepted proof or a recorded emergency begins to open');
        assert.equal(effect.lock, before.lock);
        assert.ok(!('purpose' in before.phase) || before.phase.purpose === 'login', 'who vouches opens nothing');
        if (effect.first === 'emergency-code' || effect.first === 'witness')
          assert.equal(ledger.recorded, effect.attempt, 'an emergency is asked for with its reason');
        ledger.accepted = effect.session;
        ledger.firsts.add(effect.first);
        break;
      case 'open-emergency':
        ledger.recorded = effect.attempt;
        break;
      case 'begin-lease':
        assert.ok(cause.kind === 'opened' && cause.session === ledger.accepted, 'only the accepted session is shown');
        ledger.leased = effect.lock;
        break;
      case 'cover':
        assert.notEqual(effect.lock, before.lock, 'every lock is a fresh one');
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
      case 'begin-by-code':
      case 'begin-emergency':
      case 'find-colleague':
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
    /** The emergency that was asked to open, with its reason. */
    recorded: AttemptId | null;
    /** With what desktops were opened. */
    readonly firsts: Set<string>;
  }

  const checkState = (terminal: Terminal, ledger: Ledger): void => {
    const { phase } = terminal.state;
    const view = terminal.view();
    assert.equal(openOf(phase) !== null, ledger.leased !== null, 'a lease runs exactly while a session is open');
    assert.ok(view.cover || ledger.leased === terminal.state.lock, 'never uncovered without a lease of this lock');
    if ('typed' in phase && phase.kind !== 'ceremony' && phase.kind !== 'checking')
      assert.equal(isSent(phase) ? 0 : phase.typed, ledger.digits, 'the count shown is the count held');
    viewSchema.parse({ ...view, number: 1 });
    if (phase.kind === 'open')
      assert.ok(nextDeadline(terminal.state, terminal.now) !== null, 'an open desktop has an end');
  };

  /** What was typed is on its way, and nowhere else any more. */
  const isSent = (phase: Coding | Emergency | Asking): boolean =>
    phase.kind === 'coding' ? phase.request !== null : phase.kind === 'emergency' && phase.step !== 'number';

  /** How many walks got as far as an open desktop, and with what. */
  let opened = 0;
  const firsts = new Set<string>();
  const check = (events: readonly (readonly [LoginEvent, number])[]) => {
    const terminal = ready();
    const ledger: Ledger = {
      leased: null,
      accepted: null,
      digits: 0,
      recorded: null,
      firsts,
    };
    for (const [next, pause] of events) {
      terminal.pass(pause);
      const before = terminal.state;
      for (const effect of terminal.send(next)) follow(effect, next, before, ledger);
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
    assert.deepEqual([...firsts].sort(), ['card', 'emergency-code', 'substitute-code', 'witness']);
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
