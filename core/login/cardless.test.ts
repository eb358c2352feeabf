import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Way } from '#contract/cardless.ts';
import type { FailureCode } from '#contract/errors.ts';
import type { AttemptId, SessionId } from '#contract/ids.ts';
import { cardlessSpans } from './cardless-state.ts';
import {
  grant,
  hanako,
  identify,
  kinds,
  logIn,
  randomUUID,
  ready,
  type Terminal,
  taro,
  token,
} from './test-terminal.ts';

const choose = (terminal: Terminal, way: Way) => {
  terminal.send({ kind: 'without-card-asked' });
  terminal.send({ kind: 'way-chosen', way });
};
const enter = (terminal: Terminal, digits: number) => {
  terminal.type('1'.repeat(digits));
  return terminal.send({ kind: 'pressed', key: 'enter' });
};
const refuseCode = (terminal: Terminal, code: FailureCode, details = {}) =>
  terminal.send({ kind: 'code-failed', request: terminal.state.requests, failure: { code, ...details } });
const found = (terminal: Terminal, attempt: AttemptId) =>
  terminal.send({
    kind: 'colleague-found',
    attempt,
    ticket: 'ticket-2',
    colleague: taro,
    endsAt: terminal.now + 60_000,
  });
const begun = (terminal: Terminal) => {
  choose(terminal, 'emergency');
  enter(terminal, 20);
  const attempt = randomUUID() as AttemptId;
  terminal.send({
    kind: 'emergency-begun',
    request: terminal.state.requests,
    attempt,
    ticket: 'ticket-1',
    supportCode: 'ABC-DEF-GHJ',
    endsAt: terminal.now + 120_000,
  });
  return attempt;
};
const vouched = (terminal: Terminal) => {
  choose(terminal, 'witness');
  const asked = terminal.tap('hanako');
  assert.equal(asked.find((effect) => effect.kind === 'identify')?.purpose, 'witness');
  const attempt = identify(terminal);
  enter(terminal, 4);
  const next = randomUUID() as AttemptId;
  const endsAt = terminal.now + 120_000;
  terminal.send({ kind: 'witnessed', attempt, next, ticket: 'ticket-1', supportCode: 'ABC-DEF-GHJ', endsAt });
  return next;
};
const prove = (terminal: Terminal, attempt: AttemptId) => {
  const session = randomUUID() as SessionId;
  const endsAt = terminal.now + 3_600_000;
  const effects = terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt });
  terminal.send({ kind: 'opened', session });
  return effects;
};
const picture = (terminal: Terminal) => terminal.view().picture;

describe('ways without a card', () => {
  test('are offered while the server answers, also when the reader is gone; a colleague’s word needs the reader', () => {
    const terminal = ready();
    assert.deepEqual(terminal.view().ways, ['substitute', 'emergency', 'witness']);
    terminal.send({ kind: 'reader-changed', reader: 'no-reader', name: 'R' });
    assert.deepEqual(picture(terminal), { kind: 'not-ready', why: 'no-reader' });
    assert.deepEqual(terminal.view().ways, ['substitute', 'emergency']);
    terminal.send({ kind: 'link-changed', link: 'unreachable' });
    assert.deepEqual(terminal.view().ways, []);
    terminal.send({ kind: 'without-card-asked' });
    assert.equal(terminal.state.phase.kind, 'idle');
  });

  test('that policy does not have are not offered, and not taken when they are asked for', () => {
    const terminal = ready();
    const policy = { ...terminal.state.policy, ways: { substitute: true, emergency: false, witness: false } };
    terminal.send({ kind: 'policy-changed', policy, terminal: 'W3' });
    assert.deepEqual(terminal.view().ways, ['substitute']);
    choose(terminal, 'emergency');
    assert.equal(terminal.state.phase.kind, 'ways');
  });

  test('are left by hand, by time, and by any card, which begins its own attempt', () => {
    for (const way of ['substitute', 'emergency'] as const) {
      const terminal = ready();
      choose(terminal, way);
      terminal.type('123');
      terminal.send({ kind: 'cancelled' });
      assert.equal(terminal.state.phase.kind, 'idle');
      assert.equal(terminal.all.at(-1)?.kind, 'forget-digits');
      choose(terminal, way);
      terminal.wait(cardlessSpans.coding);
      assert.equal(terminal.state.phase.kind, 'idle');
      choose(terminal, way);
      terminal.type('123');
      assert.ok(kinds(terminal.tap('hanako')).includes('identify'));
      assert.equal(terminal.state.phase.kind, 'identifying');
    }
  });

  test('do not open over an attempt or an open desktop', () => {
    const terminal = ready();
    terminal.tap('hanako');
    terminal.send({ kind: 'without-card-asked' });
    assert.equal(terminal.state.phase.kind, 'identifying');
    terminal.send({ kind: 'lock-asked', reason: 'button' });
    terminal.pass(5_000);
    logIn(terminal);
    terminal.send({ kind: 'without-card-asked' });
    assert.equal(terminal.state.phase.kind, 'open');
  });
});

describe('a substitute code', () => {
  test('stands for the card: a PIN is asked for as ever, then the desktop opens', () => {
    const terminal = ready();
    choose(terminal, 'substitute');
    terminal.type('1'.repeat(14));
    assert.ok(picture(terminal).kind === 'code' && terminal.view().cover);
    assert.deepEqual(kinds(terminal.send({ kind: 'pressed', key: 'enter' })), ['begin-by-code']);
    const attempt = identify(terminal);
    assert.equal(picture(terminal).kind, 'secret');
    enter(terminal, 4);
    const opening = prove(terminal, attempt).find((effect) => effect.kind === 'open');
    assert.deepEqual([opening?.first, opening?.shown], ['substitute-code', ['pin']]);
    assert.equal(picture(terminal).kind, 'open');
    terminal.pass(5_000);
    terminal.tap('hanako');
    assert.equal(terminal.state.phase.kind, 'identifying', 'a card of whomever is another card');
  });

  test('is not sent before it is whole', () => {
    const terminal = ready();
    choose(terminal, 'substitute');
    assert.deepEqual(enter(terminal, 11), []);
  });

  test('that is refused is asked for again with a support code', () => {
    const terminal = ready();
    choose(terminal, 'substitute');
    enter(terminal, 12);
    refuseCode(terminal, 'CODE_REFUSED', { supportCode: 'KLM-NPQ-RST' });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'code' && shown.typed === 0 && shown.wrong?.supportCode === 'KLM-NPQ-RST');
    assert.deepEqual(kinds(enter(terminal, 12)), ['begin-by-code']);
  });

  test('is not taken while the terminal pauses, and is afterwards; the screen says when', () => {
    const terminal = ready();
    choose(terminal, 'substitute');
    enter(terminal, 12);
    refuseCode(terminal, 'SERVER_BUSY', { retryAfterSeconds: 30 });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'code' && shown.waitUntil === terminal.now + 30_000);
    terminal.type('1');
    assert.ok(terminal.state.phase.kind === 'coding' && terminal.state.phase.typed === 0);
    terminal.wait(30_000);
    assert.ok(!('waitUntil' in picture(terminal)));
    assert.deepEqual(kinds(enter(terminal, 12)), ['begin-by-code']);
  });

  test('whose person is refused later says so of the code, and not of a card', () => {
    const terminal = ready();
    choose(terminal, 'substitute');
    enter(terminal, 12);
    const attempt = identify(terminal);
    enter(terminal, 4);
    terminal.send({ kind: 'prove-failed', attempt, failure: { code: 'CARD_REFUSED', supportCode: 'KLM-NPQ-RST' } });
    assert.deepEqual(picture(terminal), { kind: 'refused', why: 'code', supportCode: 'KLM-NPQ-RST' });
  });
});

describe('an emergency code', () => {
  test('opens after the person, the reason and a confirmation, and no name is shown before it was right', () => {
    const terminal = ready();
    const attempt = begun(terminal);
    assert.deepEqual(kinds(enter(terminal, 6)), ['find-colleague']);
    assert.ok(!JSON.stringify(terminal.view()).includes(taro.name));
    found(terminal, attempt);
    assert.ok(picture(terminal).kind === 'reasons');
    terminal.send({ kind: 'confirmed' });
    assert.equal(picture(terminal).kind, 'reasons', 'not without a reason');
    terminal.send({ kind: 'reason-chosen', reason: 'patient-urgent' });
    assert.deepEqual(terminal.send({ kind: 'confirmed' }), [
      { kind: 'open-emergency', attempt, ticket: 'ticket-2', reason: 'patient-urgent' },
    ]);
    const opening = prove(terminal, attempt).find((effect) => effect.kind === 'open');
    assert.deepEqual([opening?.first, opening?.greeting.person], ['emergency-code', taro.person]);
    assert.equal(picture(terminal).kind, 'open');
  });

  test('goes back a step at a time', () => {
    const terminal = ready();
    const attempt = begun(terminal);
    enter(terminal, 6);
    found(terminal, attempt);
    terminal.send({ kind: 'reason-chosen', reason: 'drill' });
    terminal.send({ kind: 'cancelled' });
    assert.equal(picture(terminal).kind, 'reasons');
    terminal.send({ kind: 'cancelled' });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'code' && shown.what === 'number' && shown.typed === 0);
    terminal.send({ kind: 'cancelled' });
    assert.equal(picture(terminal).kind, 'ready');
  });

  test('asks again for a staff number that fits nobody', () => {
    const terminal = ready();
    const attempt = begun(terminal);
    enter(terminal, 6);
    terminal.send({ kind: 'emergency-failed', attempt, failure: { code: 'COLLEAGUE_UNKNOWN' } });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'code' && shown.what === 'number' && shown.wrong && shown.typed === 0);
  });

  test('ends by time, with a support code, whatever was typed', () => {
    const terminal = ready();
    begun(terminal);
    terminal.type('12');
    terminal.wait(120_000);
    assert.deepEqual(picture(terminal), { kind: 'refused', why: 'too-slow', supportCode: 'ABC-DEF-GHJ' });
  });

  test('that was used by somebody else meanwhile says so, and a late session is ended', () => {
    const terminal = ready();
    const attempt = begun(terminal);
    enter(terminal, 6);
    found(terminal, attempt);
    terminal.send({ kind: 'reason-chosen', reason: 'drill' });
    terminal.send({ kind: 'confirmed' });
    terminal.send({ kind: 'emergency-failed', attempt, failure: { code: 'CODE_REFUSED' } });
    assert.deepEqual(picture(terminal), { kind: 'refused', why: 'emergency', supportCode: 'ABC-DEF-GHJ' });
    assert.deepEqual(kinds(prove(terminal, attempt)), ['end-session']);
    assert.equal(terminal.view().cover, true);
  });

  test('is dropped by a card that is held: its lock is gone', () => {
    const terminal = ready();
    const attempt = begun(terminal);
    const { lock } = terminal.state;
    terminal.tap('hanako');
    assert.notEqual(terminal.state.lock, lock);
    found(terminal, attempt);
    assert.equal(terminal.state.phase.kind, 'identifying');
  });
});

describe('a colleague’s word', () => {
  test('opens for the person who is named, and names who vouches', () => {
    const terminal = ready();
    const attempt = vouched(terminal);
    const number = picture(terminal);
    assert.ok(number.kind === 'code' && number.what === 'number' && number.witness === hanako.name);
    enter(terminal, 6);
    found(terminal, attempt);
    terminal.send({ kind: 'reason-chosen', reason: 'card-unavailable' });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'confirm' && shown.witness === hanako.name && shown.greet === taro.name);
    terminal.send({ kind: 'confirmed' });
    const opening = prove(terminal, attempt).find((effect) => effect.kind === 'open');
    assert.deepEqual([opening?.first, opening?.greeting.person], ['witness', taro.person]);
  });

  test('never opens anything for who vouches: an acceptance of their own is ended', () => {
    const terminal = ready();
    choose(terminal, 'witness');
    terminal.tap('hanako');
    const attempt = identify(terminal, undefined, ['pin'], { grace: true });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'secret' && shown.asWitness, 'grace is no proof here');
    enter(terminal, 4);
    assert.deepEqual(kinds(prove(terminal, attempt)), ['end-session']);
    assert.equal(terminal.view().cover, true);
  });

  test('waits for a card that can be read, and says what was wrong with another', () => {
    const terminal = ready();
    choose(terminal, 'witness');
    terminal.send({ kind: 'card-misread', presentation: 7, reason: 'unreadable', reader: 'R' });
    const shown = picture(terminal);
    assert.ok(shown.kind === 'vouch' && shown.problem === 'unreadable');
  });
});

describe('an order to end one session', () => {
  test('locks that session, and no other one of the same person', () => {
    const terminal = ready();
    const session = logIn(terminal);
    const order = (number: number, subject: string) =>
      terminal.send({
        kind: 'revocation-ordered',
        order: { number, what: 'session', subject, person: hanako.person, at: '2026-10-05T08:31:07Z' },
      });
    assert.deepEqual(kinds(order(1, randomUUID())), ['confirm']);
    assert.equal(terminal.view().cover, false);
    order(2, session);
    assert.equal(terminal.view().cover, true);
  });
});
