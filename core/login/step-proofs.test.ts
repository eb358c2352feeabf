import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttemptId, CeremonyId, SessionId } from '#contract/ids.ts';
import { grant, identify, kinds, logIn, randomUUID, ready, token } from './test-terminal.ts';

describe('what a right proof may lead to', () => {
  const checking = (factors: ('pin' | 'totp')[] = ['pin'], change: { all?: boolean; grace?: boolean } = {}) => {
    const terminal = ready();
    terminal.tap('hanako');
    const attempt = identify(terminal, undefined, factors, change);
    if (change.grace !== true) {
      terminal.type('1234');
      terminal.send({ kind: 'pressed', key: 'enter' });
    }
    return { terminal, attempt };
  };
  const session = randomUUID() as SessionId;
  const open = (terminal: ReturnType<typeof ready>, attempt: AttemptId) => {
    const effects = terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt: terminal.now + 60_000 });
    terminal.send({ kind: 'opened', session });
    return effects;
  };

  test('another factor, where policy wants both; the desktop stays covered until it was right too', () => {
    const { terminal, attempt } = checking(['pin', 'totp'], { all: true });
    terminal.send({ kind: 'more-wanted', attempt, factors: ['totp'] });
    const { picture, cover } = terminal.view();
    assert.ok(cover && picture.kind === 'secret');
    assert.deepEqual([picture.factor, picture.accepted, picture.others, picture.typed], ['totp', ['pin'], [], 0]);
    terminal.type('123456');
    const [opening] = open(terminal, attempt);
    assert.ok(opening?.kind === 'open');
    assert.deepEqual(opening.shown, ['pin', 'totp']);
    assert.equal(terminal.view().picture.kind, 'open');
  });

  test('a question about another terminal: nothing opens before it is answered', () => {
    const { terminal, attempt } = checking();
    terminal.send({ kind: 'elsewhere-found', attempt, there: 'W4-NS-01', since: terminal.now - 60_000 });
    const { picture, cover } = terminal.view();
    assert.ok(cover && picture.kind === 'elsewhere');
    assert.equal(picture.there, 'W4-NS-01');
    terminal.send({ kind: 'proved', attempt, session, token, grant, endsAt: terminal.now + 60_000 });
    assert.equal(terminal.view().picture.kind, 'elsewhere', 'an answer that nobody asked for');
    assert.deepEqual(kinds(terminal.send({ kind: 'settle-asked', choice: 'end-there' })), ['settle']);
    assert.deepEqual(kinds(terminal.send({ kind: 'settle-asked', choice: 'keep-both' })), [], 'once');
    open(terminal, attempt);
    assert.equal(terminal.view().picture.kind, 'open');
  });

  test('a question that nobody answers ends the attempt', () => {
    const { terminal, attempt } = checking();
    terminal.send({ kind: 'elsewhere-found', attempt, there: 'W4-NS-01', since: terminal.now });
    const effects = terminal.wait(61_000);
    assert.ok(effects.some((effect) => effect.kind === 'abandon' && effect.reason === 'too-slow'));
    assert.equal(terminal.view().picture.kind, 'refused');
  });

  test('a first PIN: the single-use secret opens nothing', () => {
    const { terminal, attempt } = checking();
    const order = {
      ceremony: randomUUID() as CeremonyId,
      task: 'pin' as const,
      personName: '山田 花子',
      byName: '',
      expiresAt: '2026-10-05T08:31:07Z',
    };
    terminal.send({ kind: 'first-pin-asked', attempt, order, endsAt: terminal.now + 60_000 });
    const { picture, cover } = terminal.view();
    assert.ok(cover && picture.kind === 'ceremony' && picture.step === 'choose-pin');
    assert.ok(!terminal.all.some(({ kind }) => kind === 'begin-lease'));
  });

  test('grace asks the server and no person, and a server that gives none has the person type', () => {
    const { terminal, attempt } = checking(['pin'], { grace: true });
    const proof = terminal.all.findLast((effect) => effect.kind === 'prove');
    assert.ok(proof?.kind === 'prove' && proof.factor === 'grace');
    assert.equal(terminal.view().picture.kind, 'opening');
    terminal.send({ kind: 'prove-failed', attempt, failure: { code: 'ATTEMPT_ENDED' } });
    const { picture } = terminal.view();
    assert.ok(picture.kind === 'secret' && picture.factor === 'pin');
  });

  test('only a session that its person ended by hand is named for grace, and only for the same card', () => {
    const after = (terminal: ReturnType<typeof ready>, card: string) => {
      terminal.pass(3_000);
      const asked = terminal.tap(card).find((effect) => effect.kind === 'identify');
      return asked?.kind === 'identify' ? asked.after : undefined;
    };
    const locked = (reason: 'button' | 'suspend') => {
      const terminal = ready();
      const ended = logIn(terminal);
      terminal.pass(5_000);
      terminal.send({ kind: 'lock-asked', reason });
      return { terminal, ended };
    };
    const left = locked('button');
    assert.equal(after(left.terminal, 'hanako'), left.ended);
    assert.equal(after(locked('suspend').terminal, 'hanako'), null);
    const other = locked('button');
    assert.equal(after(other.terminal, 'taro'), null);
    assert.equal(after(other.terminal, 'hanako'), null, 'another card came in between');
  });

  test('an open session is told to the server from time to time, with how long nobody did anything', () => {
    const terminal = ready();
    const opened = logIn(terminal);
    const touches = () => terminal.all.filter((effect) => effect.kind === 'touch');
    for (let second = 1; second <= 45; second += 1) {
      terminal.pass(1_000);
      terminal.send({ kind: 'idle-reported', seconds: 3 });
    }
    assert.deepEqual(touches(), [
      { kind: 'touch', session: opened, token, idleSeconds: 3 },
      { kind: 'touch', session: opened, token, idleSeconds: 3 },
    ]);
  });
});
