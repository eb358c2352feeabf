import assert from 'node:assert/strict';
import { test } from 'node:test';
import { way } from '#contract/cardless.ts';
import type { Failure } from '#contract/errors.ts';
import type { AttemptId, LockId, SessionId } from '#contract/ids.ts';
import { view as viewSchema } from '#contract/screen.ts';
import { nextDeadline } from './deadline.ts';
import { type Effect, type LoginEvent, openOf, type Phase } from './state.ts';
import { step } from './step.ts';
import { evidence, grant, hanako, randomUUID, ready, type Terminal, taro, token } from './test-terminal.ts';
import { viewOf } from './view.ts';

/** Mulberry32. */
const createRandom = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  const pick = <const Value>(values: readonly [Value, ...Value[]]): Value => values[whole(values.length)] ?? values[0];
  return { next, whole, pick };
};
type Random = ReturnType<typeof createRandom>;

/** What the walk knows beside the machine: who was let in and which openings the journal has. */
interface Ledger {
  readonly random: Random;
  presentation: number;
  /** Ids that were used, so that late answers come, too. */
  readonly attempts: AttemptId[];
  readonly sessions: SessionId[];
  /** Sessions of accepted attempts whose event is being written for this lock. */
  writing: { readonly session: SessionId; readonly lock: LockId } | null;
  leased: LockId | null;
  opened: number;
}

const fresh = <Id extends string>(used: Id[]): Id => {
  const id = randomUUID() as Id;
  used.push(id);
  return id;
};
const old = <Id extends string>(random: Random, used: readonly Id[]): Id =>
  used[random.whole(used.length)] ?? (randomUUID() as Id);

const identified = (request: number, attempt: AttemptId, now: number, random: Random): LoginEvent => ({
  kind: 'identified',
  request,
  attempt,
  ticket: 'ticket',
  greeting: random.pick([hanako, taro]),
  factors: random.pick<readonly ('pin' | 'totp')[]>([['pin'], ['totp'], ['pin', 'totp']]),
  all: random.whole(8) === 0,
  grace: random.whole(10) === 0,
  supportCode: 'X',
  endsAt: now + 60_000,
});
const read = (ledger: Ledger): LoginEvent => {
  ledger.presentation += 1;
  const card = ledger.random.pick(['hanako', 'taro', 'jiro']);
  return { kind: 'card-read', presentation: ledger.presentation, evidence, card };
};
const proved = (attempt: AttemptId, ledger: Ledger, now: number): LoginEvent => ({
  kind: 'proved',
  attempt,
  session: fresh(ledger.sessions),
  token,
  grant,
  endsAt: now + 600_000,
});
const digit = (random: Random): LoginEvent => ({
  kind: 'pressed',
  key: random.pick(['1', '2', '3', 'enter', 'back']),
});

/** What comes next where all goes well. */
function onward(phase: Phase, ledger: Ledger, now: number): LoginEvent {
  const { random } = ledger;
  switch (phase.kind) {
    case 'idle':
    case 'refused':
      return random.whole(6) === 0 ? { kind: 'without-card-asked' } : read(ledger);
    case 'reading':
    case 'vouching':
      return read(ledger);
    case 'identifying':
      return identified(phase.request, fresh(ledger.attempts), now, random);
    case 'asking':
      return digit(random);
    case 'checking':
      if (random.whole(6) === 0) return { kind: 'elsewhere-found', attempt: phase.attempt, there: 'W4', since: now };
      return proved(phase.attempt, ledger, now);
    case 'elsewhere':
      return phase.sending ? proved(phase.attempt, ledger, now) : { kind: 'settle-asked', choice: 'keep-both' };
    case 'opening':
      return { kind: 'opened', session: phase.session };
    case 'open':
      return random.whole(12) === 0 ? read(ledger) : { kind: 'idle-reported', seconds: random.whole(20) };
    case 'ways':
      return { kind: 'way-chosen', way: random.pick(way.options as [(typeof way.options)[number]]) };
    case 'coding': {
      if (phase.request === null) return digit(random);
      if (phase.way === 'substitute') return identified(phase.request, fresh(ledger.attempts), now, random);
      const begun = { attempt: fresh(ledger.attempts), ticket: 'ticket', supportCode: 'X', endsAt: now + 60_000 };
      return { kind: 'emergency-begun', request: phase.request, ...begun };
    }
    case 'emergency':
      if (phase.step === 'number') return digit(random);
      if (phase.step === 'looking')
        return {
          kind: 'colleague-found',
          attempt: phase.attempt,
          ticket: 'ticket',
          colleague: taro,
          endsAt: now + 60_000,
        };
      if (phase.step === 'reason') return { kind: 'reason-chosen', reason: 'drill' };
      return phase.step === 'confirm' ? { kind: 'confirmed' } : proved(phase.attempt, ledger, now);
    case 'ceremony':
      return { kind: 'ceremony-answered', ceremony: phase.order.ceremony, next: 'done' };
  }
}

/** What comes in between: late, foreign, broken, or somebody's hand. */
function astray(terminal: Terminal, ledger: Ledger): LoginEvent {
  const { random } = ledger;
  const attempt = old(random, ledger.attempts);
  const session = old(random, ledger.sessions);
  const request = Math.max(0, terminal.state.requests - random.whole(3));
  const failure: Failure = { code: random.pick(['CARD_REFUSED', 'PROOF_WRONG', 'SERVER_UNREACHABLE', 'INTERNAL']) };
  const order = {
    ceremony: randomUUID() as never,
    task: random.pick(['card', 'pin']),
    personName: 'a',
    byName: 'b',
    expiresAt: '2026-10-05T08:31:07Z',
  } as const;
  const events: readonly [LoginEvent, ...LoginEvent[]] = [
    { kind: 'tick' },
    { kind: 'reader-changed', reader: random.pick(['ready', 'ready', 'no-reader', 'no-service']), name: 'R' },
    { kind: 'card-entered', presentation: ledger.presentation + 1 },
    { kind: 'card-left', presentation: ledger.presentation },
    { kind: 'card-misread', presentation: ledger.presentation, reason: 'unreadable', reader: 'R' },
    { kind: 'link-changed', link: random.pick(['online', 'online', 'unreachable', 'clock-wrong', 'terminal-revoked']) },
    { kind: 'offline-changed', until: random.pick([null, terminal.now + 60_000]) },
    { kind: 'journal-changed', journal: random.pick(['sound', 'sound', 'full', 'failed', 'reserve']) },
    { kind: 'identify-failed', request, failure },
    identified(request, attempt, terminal.now, random),
    { kind: 'proved', attempt, session: fresh(ledger.sessions), token, grant, endsAt: terminal.now + 600_000 },
    { kind: 'prove-failed', attempt, failure },
    { kind: 'more-wanted', attempt, factors: ['totp'] },
    { kind: 'elsewhere-found', attempt, there: 'W4', since: terminal.now },
    { kind: 'opened', session },
    { kind: 'open-failed', session },
    { kind: 'session-ended', session, reason: 'server-ended' },
    {
      kind: 'revocation-ordered',
      order: {
        number: 1 + random.whole(99),
        what: random.pick(['session', 'person']),
        subject: random.pick([session as string, hanako.person]) as never,
        person: random.pick([hanako.person, null]),
        at: '2026-10-05T08:31:07Z',
      },
    },
    { kind: 'ceremony-asked', order, endsAt: terminal.now + 30_000 },
    { kind: 'covered', lock: terminal.state.lock },
    { kind: 'screen-lost' },
    { kind: 'screen-joined' },
    { kind: 'cancelled' },
    { kind: 'stayed' },
    { kind: 'factor-chosen', factor: random.pick(['pin', 'totp']) },
    { kind: 'lock-asked', reason: random.pick(['button', 'suspend', 'system']) },
    { kind: 'idle-reported', seconds: random.whole(900) },
    { kind: 'code-failed', request, failure },
    { kind: 'emergency-failed', attempt, failure },
    digit(random),
  ];
  return random.pick(events);
}

function follow(effect: Effect, cause: LoginEvent, ledger: Ledger): void {
  if (effect.kind === 'open') {
    assert.equal(cause.kind, 'proved', 'only an accepted attempt begins to open');
    ledger.writing = { session: effect.session, lock: effect.lock };
  } else if (effect.kind === 'begin-lease') {
    assert.equal(cause.kind, 'opened', 'only after its event was written');
    assert.deepEqual(ledger.writing, { session: cause.kind === 'opened' && cause.session, lock: effect.lock });
    ledger.leased = effect.lock;
    ledger.opened += 1;
  } else if (effect.kind === 'cover') {
    ledger.leased = null;
    ledger.writing = null;
  }
}

/** From every state, whatever else is the matter. */
function lockIsReached(terminal: Terminal): void {
  const given = { now: terminal.now, freshLock: randomUUID() as LockId };
  const { state } = step(terminal.state, { kind: 'lock-asked', reason: 'button' }, given);
  assert.equal(viewOf(state, terminal.now).cover, true);
  assert.equal(openOf(state.phase), null);
}

interface Sum {
  readonly seen: Map<string, number>;
  opened: number;
}

function walk(seed: number, length: number, sum: Sum): void {
  const random = createRandom(seed);
  const terminal = ready();
  const ledger: Ledger = {
    random,
    presentation: 10,
    attempts: [],
    sessions: [],
    writing: null,
    leased: null,
    opened: 0,
  };
  for (let count = 0; count < length; count += 1) {
    terminal.pass(random.whole(8) === 0 ? random.whole(20_000) : random.whole(2_000));
    const event = random.whole(4) === 0 ? astray(terminal, ledger) : onward(terminal.state.phase, ledger, terminal.now);
    for (const effect of terminal.send(event)) follow(effect, event, ledger);
    const { phase, lock } = terminal.state;
    sum.seen.set(phase.kind, (sum.seen.get(phase.kind) ?? 0) + 1);
    const view = terminal.view();
    const where = `walk ${seed}, event ${count}: ${event.kind}`;
    assert.equal(openOf(phase) !== null, ledger.leased !== null, where);
    assert.ok(view.cover || ledger.leased === lock, where);
    if (phase.kind === 'open') assert.ok(nextDeadline(terminal.state, terminal.now) !== null, where);
    if (count % 50 === 0) viewSchema.parse({ ...view, number: 1 });
    lockIsReached(terminal);
  }
  sum.opened += ledger.opened;
}

test('200 walks of 1,000 events: never open without an accepted attempt and its event, a lock reached from everywhere', () => {
  const sum: Sum = { seen: new Map(), opened: 0 };
  for (let seed = 1; seed <= 200; seed += 1) walk(seed, 1_000, sum);
  assert.ok(sum.opened > 1_000, `only ${sum.opened} times open`);
  const phases: readonly Phase['kind'][] = [
    ...(['idle', 'reading', 'identifying', 'asking', 'checking', 'elsewhere', 'refused', 'opening', 'open'] as const),
    ...(['ceremony', 'ways', 'coding', 'vouching', 'emergency'] as const),
  ];
  for (const phase of phases) assert.ok((sum.seen.get(phase) ?? 0) > 50, `${phase}: ${sum.seen.get(phase) ?? 0} times`);
});
