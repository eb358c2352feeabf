import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { fail, succeed } from '#contract/errors.ts';
import { createTerminal, evidence, grantOf, later, other, pin, settled, start } from './test-session.ts';

let at: ReturnType<typeof createTerminal>;
beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  at = createTerminal();
});
afterEach(() => {
  at.session.stop();
  mock.timers.reset();
});

test('card and PIN open the desktop: the event is written, then the lease begins, then the view says so', async () => {
  await at.open();
  assert.equal(at.picture().kind, 'open');
  const opened = at.recorded.find(({ kind }) => kind === 'screen.opened');
  assert.deepEqual(opened?.factors, ['card', 'pin']);
  assert.deepEqual(Object.keys(opened?.detail ?? {}), ['readyMs', 'machineMs'], 'how long it took');
  const kinds = at.messages.map(({ kind }) => kind);
  assert.ok(kinds.indexOf('lease') < kinds.lastIndexOf('view'));
  at.pass(1_000);
  assert.equal(at.leases(), 3);
});

test('no lease begins before the event is durable', async () => {
  const release = at.holdJournal();
  await at.open();
  assert.equal(at.picture().kind, 'opening');
  at.pass(1_000);
  assert.equal(at.leases(), 0);
  release();
  await settled();
  assert.equal(at.leases(), 1);
});

test('an event that cannot be written opens nothing and ends the session', async () => {
  at.breakJournal();
  const session = await at.open();
  assert.equal(at.picture().kind, 'refused');
  assert.equal(at.leases(), 0);
  assert.deepEqual(at.ended, [session]);
});

test('a lock that comes while the event is written keeps the desktop covered', async () => {
  const release = at.holdJournal();
  const session = await at.open();
  at.session.dispatch({ kind: 'lock-asked', reason: 'suspend' });
  release();
  await settled();
  assert.equal(at.leases(), 0);
  assert.deepEqual(at.ended, [session]);
});

test('a grant for another lock, terminal, attempt or person, or an old one, opens nothing', async () => {
  for (const changed of [
    { lock: randomUUID() },
    { terminal: randomUUID() },
    { attempt: randomUUID() },
    { person: randomUUID() },
    { expiresAt: later(-1) },
  ]) {
    const one = createTerminal();
    one.tap();
    await one.identified();
    one.type(pin);
    const session = await one.granted(changed);
    assert.equal(one.picture().kind, 'refused');
    assert.equal(one.leases(), 0);
    assert.deepEqual(one.ended, [session]);
    one.session.stop();
  }
});

test('what was typed goes out once and is wiped; no view and no event holds it', async () => {
  at.tap();
  await at.identified();
  at.type(pin);
  const { sent } = at.last('attempts/prove');
  const { idempotencyKey: first, ...body } = JSON.parse(sent);
  assert.deepEqual(body, { ticket: 'ticket', factor: 'pin', secret: pin });
  await at.last('attempts/prove').answer(fail('PROOF_WRONG', { triesLeft: 4 }));
  at.type('11112222');
  const { idempotencyKey: second, ...next } = JSON.parse(at.last('attempts/prove').sent);
  assert.deepEqual(next, { ticket: 'ticket', factor: 'pin', secret: '11112222' });
  assert.notEqual(first, second, 'each try has a key of its own');
  const everything = JSON.stringify([at.messages, at.recorded]);
  assert.ok(!everything.includes(pin) && !everything.includes('11112222'));
  assert.ok(!everything.includes(evidence.identifier));
});

test('an acceptance that comes after another card was tapped ends its session and opens nothing', async () => {
  at.tap();
  await at.identified();
  at.type(pin);
  const first = at.last('attempts/prove');
  at.pass(2_000);
  at.tap(other);
  assert.equal(at.picture().kind, 'identifying');
  const session = randomUUID();
  await first.answer(succeed({ kind: 'open', session, token: 'token', grant: grantOf({}), endsAt: later(1_000_000) }));
  assert.deepEqual(at.ended, [session]);
  assert.equal(at.leases(), 0);
});

test('a server that is slow is given up for the person; its late acceptance ends the session that it brings', async () => {
  at.tap();
  await at.identified();
  at.type(pin);
  at.pass(2_100);
  const { picture } = at.session.currentView();
  assert.ok(picture.kind === 'refused' && picture.why === 'server');
  const session = await at.granted();
  assert.deepEqual(at.ended, [session]);
  assert.equal(at.leases(), 0);
  at.pass(1_000);
  at.tap();
  at.pass(2_100);
  await at.identified();
  assert.equal(at.picture().kind, 'refused');
  assert.equal(at.last('attempts/abandon').name, 'attempts/abandon');
});

test('the number of a view grows when something changed, and a sound is played once', async () => {
  const numbers = () => at.views().map(({ number }) => number);
  const before = numbers().length;
  at.session.dispatch({ kind: 'tick' });
  at.session.dispatch({ kind: 'idle-reported', seconds: 1 });
  assert.equal(numbers().length, before);
  await at.open();
  assert.deepEqual(
    numbers(),
    [...new Set(numbers())].sort((a, b) => a - b),
  );
  const accepted = at.views().filter(({ cue }) => cue === 'accepted');
  assert.equal(accepted.length, 1);
  assert.equal(at.session.currentView().cue, undefined);
});

test('time alone locks: idle with a warning first, and a screen that falls silent', async () => {
  await at.open();
  for (let second = 0; second < 585; second += 1) {
    at.session.dispatch({ kind: 'idle-reported', seconds: second });
    at.pass(1_000);
  }
  const warned = at.picture();
  assert.ok(warned.kind === 'open' && warned.locksAt !== undefined);
  at.session.dispatch({ kind: 'idle-reported', seconds: 585 });
  at.pass(4_900);
  assert.equal(at.picture().kind, 'open');
  at.pass(200);
  assert.equal(at.picture().kind, 'ready');
  assert.equal(at.lease.isHeld(), false);
  assert.equal(at.messages.filter(({ kind }) => kind === 'cover').length, 1);
});

test('a screen that is lost covers at once and ends the session', async () => {
  const session = await at.open();
  at.session.dispatch({ kind: 'screen-lost' });
  assert.equal(at.lease.isHeld(), false);
  assert.deepEqual(at.ended, [session]);
});

test('two equal PINs are given to the server, two different ones are not', async () => {
  const order = {
    ceremony: randomUUID(),
    task: 'pin',
    personName: '看護 花子',
    byName: '窓口',
    expiresAt: later(60_000),
  } as const;
  at.session.dispatch({ kind: 'ceremony-asked', order, endsAt: start + 60_000 });
  at.tap();
  await at.last('ceremonies/give-card').answer(succeed({ next: 'choose-pin' }));
  at.type(pin);
  at.type('40718294');
  assert.ok(!at.asked.some(({ name }) => name === 'ceremonies/give-pin'));
  at.type(pin);
  at.session.dispatch({ kind: 'pressed', key: '1' });
  at.session.dispatch({ kind: 'pressed', key: 'clear' });
  at.type(pin);
  assert.deepEqual(JSON.parse(at.last('ceremonies/give-pin').sent), { pin });
  await at.last('ceremonies/give-pin').answer(succeed({}));
  const { picture } = at.session.currentView();
  assert.ok(picture.kind === 'ceremony' && picture.step === 'done');
});

test('nothing opens, and no event says so, while the screens are not covered and held', async () => {
  at.uncover();
  const session = await at.open();
  assert.equal(at.lease.isHeld(), false);
  assert.ok(!at.recorded.some(({ kind }) => kind === 'screen.opened'));
  assert.deepEqual(at.ended, [session], 'the session that the server began is ended');
});

test('the desktop is made the person’s before the event and the lease, and stays covered where that is refused', async () => {
  const prepared = Promise.withResolvers<boolean>();
  const ended: string[] = [];
  at = createTerminal({
    prepare: () => prepared.promise,
    locked: (session, reason) => void ended.push(session, reason),
  });
  const session = await at.open();
  const kinds = () => at.recorded.map(({ kind }) => kind);
  assert.equal(at.picture().kind, 'opening');
  assert.equal(at.leases(), 0);
  assert.ok(!kinds().includes('screen.opened'));
  prepared.resolve(false);
  await settled();
  assert.equal(at.picture().kind, 'refused');
  assert.equal(at.leases(), 0);
  assert.ok(!kinds().includes('screen.opened'));
  assert.deepEqual(ended, [session, 'open-failed']);
});

test('a lock while the desktop is made ready covers without waiting for it, and what comes of it opens nothing', async () => {
  const prepared = Promise.withResolvers<boolean>();
  const heard: number[] = [];
  const count = () => at.messages.filter(({ kind }) => kind === 'cover').length;
  at = createTerminal({ prepare: () => prepared.promise, locked: () => void heard.push(count()) });
  await at.open();
  const before = count();
  at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
  assert.equal(heard[0], before + 1, 'the screen was told to cover before any hook was');
  prepared.resolve(true);
  await settled();
  assert.equal(at.leases(), 0);
  assert.equal(at.picture().kind, 'ready');
});
