import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CardEvidence } from '#contract/card.ts';
import { nameProof } from '#core/policy/proof-name.ts';
import { card, digits, forLock, hanako, pin } from './test-offline.ts';
import { createOfflineTerminals, proofBy } from './test-offline-terminal.ts';

let terminals: ReturnType<typeof createOfflineTerminals>;
beforeEach(() => {
  terminals = createOfflineTerminals();
});
afterEach(() => terminals.remove());

for (const server of ['dead', 'black hole', 'crawling'] as const) {
  test(`with a server that is ${server}, a card is greeted within 800 ms, and its PIN opens; the screen says until when`, async () => {
    const at = await terminals.atKnown();
    at.setServer(server);
    at.tap();
    const took = await at.shows('secret');
    assert.ok(took < 800, `${took} ms`);
    assert.equal(at.view().online, false);
    assert.ok((at.view().offlineUntil ?? 0) > performance.now());
    at.type(pin);
    await at.shows('open');
    assert.ok(at.lease.isHeld());
    assert.equal(at.view().online, false);
    const opened = at.last('offline.opened');
    assert.deepEqual([opened?.person, opened?.factors], [hanako.person, ['card', 'pin']]);
    assert.equal(opened?.detail?.['assurance'], 'identifier', 'its card can be copied');
    assert.ok(at.recorded.findIndex(({ kind }) => kind === 'offline.opened') >= 0);
    at.crawl();
    await wait(20);
    assert.equal(at.picture().kind, 'open', 'a late answer changes nothing');
    at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
    assert.deepEqual(at.ended, [], 'the server knows of no such session');
    assert.equal(at.last('screen.locked')?.session, opened?.session);
  });
}

test('a server that is lost between card and PIN costs nobody a second try; what it says late opens nothing', async () => {
  const at = await terminals.atKnown();
  at.tap();
  await at.shows('secret');
  assert.equal(at.view().online, true);
  at.setServer('crawling');
  at.type(pin);
  await at.shows('open');
  const own = at.last('offline.opened')?.session;
  assert.equal(at.view().online, false);
  at.crawl();
  await wait(20);
  assert.equal(at.picture().kind, 'open');
  assert.equal(at.ended.length, 1, 'the session that the server began late is ended');
  assert.notEqual(at.ended[0], own);
});

test('a wrong PIN that both the server and the terminal have looked at is told by the name of that one entry', async () => {
  const at = await terminals.atKnown();
  at.refuse('attempts/prove', { code: 'PROOF_WRONG', triesLeft: 4, supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('secret');
  at.setServer('crawling');
  at.type('00000000');
  while (at.session.state().phase.kind === 'checking') await wait(5);
  const told = at.last('offline.refused');
  assert.deepEqual([told?.reason, told?.detail], ['wrong-secret', { proof: nameProof(at.proofKeys[0] ?? '') }]);
  at.crawl();
  await wait(20);
  at.session.dispatch({ kind: 'cancelled' });
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
  at.type('00000000');
  while (at.session.state().phase.kind === 'checking') await wait(5);
  const { picture } = at.view();
  assert.ok(picture.kind === 'secret' && picture.wrong?.triesLeft === 1, 'one step, one try here too');
  assert.deepEqual(at.last('offline.refused')?.detail, {}, 'the server was not asked');
});

test('a login with the server leaves what is needed without it', async () => {
  const offline = await terminals.desk.run();
  const at = terminals.create(offline);
  at.setServer('there');
  at.tap();
  await at.shows('secret');
  at.type(pin);
  await at.shows('open');
  while (offline.until() === null) await wait(5);
  at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
  at.setServer('dead');
  assert.equal(at.picture().kind, 'ready');
  assert.notEqual(at.view().offlineUntil, null);
});

test('one by another factor leaves what an earlier one by PIN has left', async () => {
  const at = await terminals.atKnown();
  at.answerBegin({ factors: ['totp', 'pin'] });
  at.tap();
  await at.shows('secret');
  at.type('123456');
  await at.shows('open');
  await Promise.all(at.kept);
  assert.equal((await at.offline.check(card, digits(pin), forLock)).kind, 'right');
});

test('without the server wrong PINs are told with what is left, then only the server helps', async () => {
  const at = await terminals.atKnown();
  at.setServer('dead');
  at.tap();
  for (const left of [2, 1]) {
    at.type('00000000');
    await at.shows('secret');
    while (at.session.state().phase.kind === 'checking') await wait(5);
    const { picture } = at.view();
    assert.ok(picture.kind === 'secret' && picture.wrong?.triesLeft === left);
  }
  at.type('00000000');
  await at.shows('refused');
  assert.partialDeepStrictEqual(at.picture(), { why: 'locked' });
  assert.equal(
    at.recorded.filter(({ kind, reason }) => kind === 'offline.refused' && reason === 'wrong-secret').length,
    3,
  );
  assert.ok(at.last('offline.locked'));
  assert.equal(at.lease.isHeld(), false);
});

test('a wrong PIN without the server is told when its event is on the disk, and not before', async () => {
  const at = await terminals.atKnown();
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
  const disk = at.holdDisk();
  at.type('00000000');
  await disk.reached;
  assert.equal(at.session.state().phase.kind, 'checking');
  assert.equal(at.last('offline.refused'), undefined);
  disk.release();
  while (at.session.state().phase.kind === 'checking') await wait(5);
  const { picture } = at.view();
  assert.ok(picture.kind === 'secret' && picture.wrong?.triesLeft === 2);
  assert.equal(at.last('offline.refused')?.reason, 'wrong-secret');
});

test('a card that was never here is refused without the server in words that say why', async () => {
  const at = await terminals.atKnown();
  at.setServer('dead');
  at.tap({ ...card, identifier: '04FFFFFFFFFFFF' });
  await at.shows('refused');
  assert.partialDeepStrictEqual(at.picture(), { why: 'offline' });
  assert.equal(at.last('offline.refused')?.reason, 'unknown');
});

test('where nobody can be let in the screen says that the server is away', async () => {
  const at = terminals.create(await terminals.desk.run());
  at.setServer('dead');
  assert.deepEqual(at.picture(), { kind: 'not-ready', why: 'server-unreachable' });
  assert.equal(at.view().offlineUntil, null);
});

test('a card that signs gets in by a signature of its own key over a nonce of this terminal, made just now', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const at = await terminals.atKnown(proofBy(privateKey, 'first'));
  at.setServer('dead');
  const refused = async (evidence: CardEvidence) => {
    at.tap(evidence);
    await at.shows('refused');
    at.session.dispatch({ kind: 'cancelled' });
    return at.last('offline.refused')?.reason;
  };
  const right = proofBy(privateKey, 'alone.one');
  const { proof: _, ...numberAlone } = right;
  assert.equal(await refused(numberAlone), 'unproven', 'a copy of its number');
  assert.equal(await refused(right), 'unproven', 'a nonce that nobody gave here');
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  terminals.desk.nonces.add('alone.one');
  assert.equal(await refused({ ...proofBy(foreign, 'alone.one'), identifier: right.identifier }), 'unproven');
  terminals.desk.nonces.add('alone.one');
  at.tap(right);
  await at.shows('secret');
  at.type(pin);
  await at.shows('open');
  assert.equal(at.last('offline.opened')?.detail?.['assurance'], 'pki');
  at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
  assert.equal(await refused(right), 'unproven', 'shown again');
});

test('a PIN that cannot be counted is not looked at, is refused with an event, and costs no try', async () => {
  const at = await terminals.atKnown();
  at.setServer('dead');
  const disk = terminals.desk.breakDisk();
  for (const _ of [1, 2, 3, 4]) {
    at.tap();
    await at.shows('secret');
    at.type(pin);
    await at.shows('refused');
    assert.partialDeepStrictEqual(at.picture(), { why: 'offline' });
    assert.partialDeepStrictEqual(at.last('offline.refused'), { reason: 'not-kept', person: hanako.person });
    assert.equal(at.lease.isHeld(), false);
    at.session.dispatch({ kind: 'cancelled' });
  }
  disk.heal();
  at.tap();
  await at.shows('secret');
  at.type(pin);
  await at.shows('open');
});

test('a right PIN whose try cannot be taken back opens nothing', async () => {
  const at = await terminals.atKnown();
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
  at.type(pin);
  // What Argon2id takes is longer than the write before it.
  while (!readFileSync(join(terminals.desk.folder, 'offline.json'), 'utf8').includes('"failures":1')) await wait(1);
  const disk = terminals.desk.breakDisk();
  await at.shows('refused');
  assert.equal(at.last('offline.refused')?.reason, 'not-kept');
  disk.heal();
});

test('a revocation that cannot be kept is confirmed when it can be, and not before', async () => {
  const at = await terminals.atKnown();
  const disk = terminals.desk.breakDisk();
  const order = { what: 'person', subject: hanako.person, person: hanako.person } as const;
  at.offline.revoke(order);
  at.session.dispatch({ kind: 'revocation-ordered', order: { ...order, number: 7, at: new Date().toISOString() } });
  await wait(30);
  assert.deepEqual(at.confirmed, []);
  disk.heal();
  while (at.confirmed.length === 0) await wait(5);
  assert.deepEqual(at.confirmed, [7]);
  assert.partialDeepStrictEqual((await terminals.desk.run()).find(card), { ok: false, why: 'unknown' });
});

test('the keychain knows of an opening before the desktop shows, or it does not show', async () => {
  const at = await terminals.atKnown();
  for (const kept of [true, false]) {
    const known: (string | undefined)[] = [];
    const watched = terminals.create({
      ...at.offline,
      async keepHead() {
        known.push(watched.recorded.at(-1)?.kind);
        return kept;
      },
    });
    watched.setServer('dead');
    watched.tap();
    await watched.shows('secret');
    watched.type(pin);
    await watched.shows(kept ? 'open' : 'refused');
    assert.deepEqual(known, ['offline.opened']);
    assert.equal(watched.lease.isHeld(), kept);
    assert.equal(watched.last('screen.opened') !== undefined, kept);
  }
});
