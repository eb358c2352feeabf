import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttemptId, CeremonyId, SessionId } from '#contract/ids.ts';
import { spans } from './state.ts';
import { evidence, grant, hanako, identify, kinds, logIn, randomUUID, ready, token } from './test-terminal.ts';

describe('a login', () => {
  test('goes from card to PIN to an open desktop', () => {
    const terminal = ready();
    assert.deepEqual(kinds(terminal.tap('hanako')), ['forget-digits', 'identify', 'cue']);
    const attempt = identify(terminal);
    terminal.type('1234');
    assert.equal(terminal.view().picture.kind, 'secret');
    assert.deepEqual(kinds(terminal.send({ kind: 'pressed', key: 'enter' })), ['prove']);
    const session = randomUUID() as SessionId;
    const opening = terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt: terminal.now + 1000 });
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
      { kind: 'abandon', attempt, ticket: 'ticket', reason: 'other-card' },
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
      { kind: 'abandon', attempt, ticket: 'ticket', reason: 'other-card' },
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
    const late = terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt: terminal.now + 1000 });
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
    terminal.send({ kind: 'session-ended', session: randomUUID() as SessionId, reason: 'server-ended' });
    assert.equal(terminal.view().picture.kind, 'open');
    terminal.send({ kind: 'session-ended', session, reason: 'server-ended' });
    assert.deepEqual(terminal.view().picture, { kind: 'ready', notice: { kind: 'locked', why: 'server-ended' } });
  });

  test('whose PIN was replaced goes on, and the order is confirmed at once', () => {
    const terminal = ready();
    logIn(terminal);
    const order = {
      number: 8,
      what: 'credential',
      subject: hanako.person,
      person: null,
      at: '2026-10-05T08:31:07Z',
    } as const;
    assert.deepEqual(kinds(terminal.send({ kind: 'revocation-ordered', order })), ['confirm']);
    assert.equal(terminal.view().cover, false);
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
    // A new stream may repeat the order: what was begun goes on.
    assert.deepEqual(terminal.send({ kind: 'ceremony-asked', order: asked, endsAt: terminal.now + 120_000 }), []);
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
