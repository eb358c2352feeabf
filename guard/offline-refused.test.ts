import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CardEvidence } from '#contract/card.ts';
import type { Failure } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import { switchAfter } from './offline-logins.ts';
import { card, digits, forLock, hanako, pin } from './test-offline.ts';
import { createOfflineTerminals, type OfflineTerminal, proofBy } from './test-offline-terminal.ts';

let terminals: ReturnType<typeof createOfflineTerminals>;
beforeEach(() => {
  terminals = createOfflineTerminals();
});
afterEach(() => terminals.remove());

const someoneElse: CardEvidence = { ...card, identifier: '04B1B2B3B4B5B6' };
/** Two people are known there: the one whom it is about, and one who can be let in all the time. */
async function atKnownToTwo() {
  const offline = await terminals.desk.run();
  await offline.remember(card, hanako, digits(pin));
  await offline.remember(someoneElse, { ...hanako, person: randomUUID() as PersonId }, digits(pin));
  return { ...terminals.create(offline), offline };
}
/** Without the server the card is refused before its PIN is asked for. */
const refusedAlone = async (at: OfflineTerminal) => {
  at.session.dispatch({ kind: 'cancelled' });
  at.setServer('dead');
  at.tap();
  await at.shows('refused');
  return at.last('offline.refused')?.reason;
};

test('a PIN that the server has locked opens nothing without it, until the next login with it', async () => {
  const at = await atKnownToTwo();
  const typeAt = async (typed: string, failure?: Failure) => {
    at.refuse('attempts/prove', failure);
    at.tap();
    await at.shows('secret');
    at.type(typed);
    await at.shows(failure === undefined ? 'open' : 'refused');
  };
  await typeAt(pin, { code: 'PROOF_LOCKED', supportCode: 'ABC-DEF-GHJ' });
  assert.equal(await refusedAlone(at), 'locked');
  at.session.dispatch({ kind: 'cancelled' });
  at.setServer('there');
  at.session.dispatch({ kind: 'link-changed', link: 'online' });
  await typeAt(pin);
  at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
  while (!at.offline.mayKnow(card)) await wait(5);
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
});

test('that a PIN was locked outlives a start of the guard', async () => {
  const offline = await terminals.desk.run();
  await offline.remember(card, hanako, digits(pin));
  offline.countRefused(card, true);
  assert.ok(await offline.settled());
  const again = await terminals.desk.run();
  assert.partialDeepStrictEqual(again.find(card), { ok: false, why: 'locked' });
});

test('wrong PINs with the server leave so many fewer without it', async () => {
  const at = await atKnownToTwo();
  at.refuse('attempts/prove', { code: 'PROOF_WRONG', triesLeft: 4, supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('secret');
  for (const _ of [1, 2]) {
    at.type('00000000');
    while (at.session.state().phase.kind === 'checking') await wait(5);
  }
  at.session.dispatch({ kind: 'cancelled' });
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
  at.type('00000000');
  await at.shows('refused');
  assert.ok(at.last('offline.locked'));
  assert.ok(await at.offline.settled());
});

test('a card that the server has refused here opens nothing without it', async () => {
  const at = await atKnownToTwo();
  at.refuse('attempts/begin', { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('refused');
  assert.equal(await refusedAlone(at), 'unknown');
  assert.ok(await at.offline.settled(), 'for good');
});

test('nor does one that was refused after its PIN', async () => {
  const at = await atKnownToTwo();
  at.refuse('attempts/prove', { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('secret');
  at.type(pin);
  await at.shows('refused');
  assert.equal(await refusedAlone(at), 'unknown');
  assert.ok(await at.offline.settled(), 'for good');
});

test('a card that signs and that the server has refused here opens nothing without it; a false signature takes nothing away', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const at = await terminals.atKnown(proofBy(privateKey, 'first'));
  at.refuse('attempts/begin', { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' });
  const refusedWith = async (evidence: CardEvidence) => {
    at.tap(evidence);
    await at.shows('refused');
    at.session.dispatch({ kind: 'cancelled' });
    return at.offline.mayKnow(evidence);
  };
  terminals.desk.nonces.add('two');
  const genuine = proofBy(privateKey, 'two');
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  assert.equal(await refusedWith({ ...proofBy(foreign, 'two'), identifier: genuine.identifier }), true);
  terminals.desk.nonces.add('three');
  assert.equal(await refusedWith(proofBy(privateKey, 'three')), false);
});

test('a wrong PIN that a slow server refuses late costs one try here', async () => {
  const at = await terminals.atKnown();
  at.refuse('attempts/prove', { code: 'PROOF_WRONG', triesLeft: 4, supportCode: 'ABC-DEF-GHJ' });
  const triesLeft = async () => {
    while (at.session.state().phase.kind === 'checking') await wait(5);
    const picture = at.picture();
    return picture.kind === 'secret' ? picture.wrong?.triesLeft : picture.kind;
  };
  at.tap();
  await at.shows('secret');
  at.setServer('crawling');
  at.type('00000000');
  assert.equal(await triesLeft(), 2);
  at.crawl();
  await wait(20);
  at.session.dispatch({ kind: 'cancelled' });
  at.setServer('dead');
  at.tap();
  await at.shows('secret');
  at.type('00000000');
  assert.equal(await triesLeft(), 1);
});

test('a card that signs and that a slow server refuses late opens nothing without it; a false signature takes nothing away', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const at = await terminals.atKnown(proofBy(privateKey, 'first'));
  at.refuse('attempts/begin', { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' });
  at.setServer('crawling');
  const lateFor = async (evidence: CardEvidence, shown: 'secret' | 'refused') => {
    at.tap(evidence);
    await at.shows(shown);
    at.session.dispatch({ kind: 'cancelled' });
    at.crawl();
    await wait(20);
    return at.offline.mayKnow(evidence);
  };
  terminals.desk.nonces.add('two');
  const genuine = proofBy(privateKey, 'two');
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  assert.equal(await lateFor({ ...proofBy(foreign, 'two'), identifier: genuine.identifier }, 'refused'), true);
  terminals.desk.nonces.add('three');
  assert.equal(await lateFor(proofBy(privateKey, 'three'), 'secret'), false);
  assert.ok(await at.offline.settled(), 'for good');
});

for (const [code, why] of [
  ['PROOF_LOCKED', 'locked'],
  ['CARD_REFUSED', 'unknown'],
] as const)
  test(`a late ${code} counts when somebody else has begun meanwhile`, async () => {
    const at = await atKnownToTwo();
    at.refuse('attempts/prove', { code, supportCode: 'ABC-DEF-GHJ' });
    at.tap();
    await at.shows('secret');
    at.setServer('crawling');
    at.type('00000000');
    while (at.session.state().phase.kind === 'checking') await wait(5);
    at.session.dispatch({ kind: 'cancelled' });
    at.setServer('there');
    at.tap(someoneElse);
    await at.shows('secret');
    at.crawl();
    await wait(20);
    assert.partialDeepStrictEqual(at.offline.find(card), { ok: false, why });
    assert.ok(at.offline.mayKnow(someoneElse));
  });

test('a late PROOF_WRONG costs a try where somebody else had begun before the terminal looked', async () => {
  const at = await atKnownToTwo();
  at.refuse('attempts/prove', { code: 'PROOF_WRONG', triesLeft: 4, supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('secret');
  at.setServer('crawling');
  at.type('00000000');
  at.setServer('there');
  at.tap(someoneElse);
  await at.shows('secret');
  await wait(switchAfter + 50);
  at.crawl();
  await wait(20);
  assert.partialDeepStrictEqual(await at.offline.check(card, digits('00000000'), forLock), { triesLeft: 1 });
});

test('a former PIN that a slow server refuses late opens nothing without it any more', async () => {
  const at = await terminals.atKnown();
  at.refuse('attempts/prove', { code: 'PROOF_WRONG', triesLeft: 4, supportCode: 'ABC-DEF-GHJ' });
  at.tap();
  await at.shows('secret');
  at.setServer('crawling');
  at.type(pin);
  await at.shows('open');
  at.crawl();
  await wait(20);
  assert.equal(at.picture().kind, 'open');
  assert.equal(at.offline.mayKnow(card), false);
  assert.ok(await at.offline.settled(), 'for good');
});

test('a login whose person was revoked before its answer came leaves nothing here', async () => {
  const offline = await terminals.desk.run();
  const at = terminals.create(offline);
  at.tap();
  await at.shows('secret');
  at.setServer('crawling');
  at.type(pin);
  const order = { what: 'person', subject: hanako.person, person: hanako.person } as const;
  offline.revoke(order);
  at.session.dispatch({ kind: 'revocation-ordered', order: { ...order, number: 1, at: new Date().toISOString() } });
  at.crawl();
  while (at.kept.length === 0) await wait(5);
  await Promise.all(at.kept);
  assert.equal(offline.mayKnow(card), false);
});
