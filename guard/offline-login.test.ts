import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type EventInput, eventFacts } from '#contract/audit.ts';
import type { CardEvidence } from '#contract/card.ts';
import { type Failure, fail, type Result, succeed } from '#contract/errors.ts';
import type { LockId, PersonId } from '#contract/ids.ts';
import type { Key, View } from '#contract/screen.ts';
import { challengeText } from '#core/card/challenge.ts';
import { createClock } from './clock.ts';
import { createDigits } from './digits.ts';
import { createEffects, type EffectsDeps } from './effects.ts';
import { noHooks } from './hooks/hooks.ts';
import { createLeaseKeeper } from './lease.ts';
import type { Offline } from './offline.ts';
import { createSession } from './session.ts';
import { quiet } from './test-journal.ts';
import { card, createDesk, type Desk, digits, hanako, pin, policy, terminal } from './test-offline.ts';
import { certify } from './test-server.ts';

/** What a server does with a call. */
type Server = 'dead' | 'black hole' | 'crawling' | 'there';

let desk: Desk;
let stops: (() => void)[] = [];
beforeEach(() => {
  desk = createDesk();
});
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
  desk.remove();
});

/** A terminal with a real keeping; its server answers as the test says. */
function createTerminal(offline: Offline) {
  let server: Server = 'there';
  let locked = false;
  const asked: string[] = [];
  const recorded: EventInput[] = [];
  const ended: string[] = [];
  const views: View[] = [];
  const waiting: (() => void)[] = [];
  let written: Promise<void> | undefined;
  let reached: () => void = () => undefined;
  let changed = Promise.withResolvers<void>();
  const clock = createClock({ steady: () => performance.now(), wall: Date.now, onWrong: () => undefined });
  const later = (ms: number) => new Date(Date.now() + ms).toISOString();
  const answers: Record<string, () => object> = {
    'attempts/begin': () => ({
      ...{ attempt: randomUUID(), ticket: 'ticket', greeting: hanako, factors: ['pin'], all: false, grace: null },
      ...{ offline: true, expiresAt: later(60_000), supportCode: 'ABC-DEF-GHJ', nonce: null },
    }),
    'attempts/prove': () => ({
      ...{ kind: 'open', session: randomUUID(), token: 'token', endsAt: later(3_600_000) },
      grant: { key: 1, payload: 'p', signature: 's' },
    }),
  };
  const refusals = new Map<string, Failure>();
  const call = (async (name: string): Promise<Result<unknown>> => {
    asked.push(name);
    if (server === 'dead') return fail('SERVER_UNREACHABLE');
    const failure = refusals.get(name);
    const answer = failure === undefined ? succeed(answers[name]?.() ?? {}) : { ok: false as const, failure };
    if (server === 'there') return answer;
    // A crawling server answers when the test lets it, a black hole never.
    await new Promise<void>((resolve) => waiting.push(resolve));
    return answer;
  }) as unknown as EffectsDeps['uplink']['call'];
  const effects = createEffects({
    clock,
    offline,
    journal: {
      append: async (facts) => {
        eventFacts.parse(facts);
        reached();
        if (written !== undefined) await written;
        recorded.push(facts);
        return succeed({} as never);
      },
    },
    uplink: {
      call,
      endSession: (session) => void ended.push(session),
      confirm: () => undefined,
      identity: () => ({ terminal, authority: 'pem' }) as never,
    },
    nonces: { renew: () => undefined },
    hooks: noHooks,
    digits: createDigits(),
    toScreen: () => undefined,
    dispatch: (event) => session.dispatch(event),
    state: () => session.state(),
    isCovered: () => true,
    findGrantFault: () => null,
    origin: () => 'https://server.test',
    log: quiet,
  });
  const lease = createLeaseKeeper({
    now: clock.now,
    upTime: () => performance.now(),
    onLapsed: () => undefined,
    send: () => undefined,
  });
  const session = createSession({
    clock,
    policy,
    terminal: '3E-01',
    lease,
    perform: effects.perform,
    onState: effects.settle,
    showView(view) {
      views.push(view);
      changed.resolve();
      changed = Promise.withResolvers();
    },
    freshLock: () => randomUUID() as LockId,
    log: quiet,
  });
  stops.push(() => {
    locked = true;
    session.stop();
  });
  let presentation = 0;
  const tellOffline = () => {
    const [now, until] = [offline.now(), offline.until()];
    session.dispatch({ kind: 'offline-changed', until: now && until ? clock.now() + until - now : null });
  };
  const at = {
    session,
    lease,
    asked,
    recorded,
    ended,
    view: () => session.currentView(),
    picture: () => session.currentView().picture,
    setServer(next: Server) {
      server = next;
      tellOffline();
      if (next === 'dead') session.dispatch({ kind: 'link-changed', link: 'unreachable' });
    },
    /** Nothing comes to the disk until it is released; `reached`: something is to be written. */
    holdDisk() {
      const [held, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      written = held.promise;
      reached = begun.resolve;
      return { release: held.resolve, reached: begun.promise };
    },
    /** What the server refuses this call with from now on; nothing any more when no failure is given. */
    refuse(name: string, failure?: Failure) {
      if (failure === undefined) refusals.delete(name);
      else refusals.set(name, failure);
    },
    crawl() {
      for (const resolve of waiting.splice(0)) resolve();
    },
    async shows(kind: View['picture']['kind']): Promise<number> {
      const since = performance.now();
      while (at.picture().kind !== kind && !locked) await changed.promise;
      return performance.now() - since;
    },
    tap(evidence: CardEvidence = card) {
      presentation += 1;
      session.dispatch({ kind: 'card-entered', presentation });
      session.dispatch({ kind: 'card-read', presentation, evidence, card: String(presentation) });
      session.dispatch({ kind: 'card-left', presentation });
    },
    type(text: string) {
      for (const key of text) session.dispatch({ kind: 'pressed', key: key as Key });
      session.dispatch({ kind: 'pressed', key: 'enter' });
    },
    last: (kind: EventInput['kind']) => recorded.findLast((facts) => facts.kind === kind),
  };
  session.dispatch({ kind: 'screen-joined' });
  session.dispatch({ kind: 'reader-changed', reader: 'ready', name: 'reader' });
  session.dispatch({ kind: 'link-changed', link: 'online' });
  return at;
}

/** A terminal at which this card logged in with the server before. */
async function atKnown(evidence: CardEvidence = card) {
  const offline = await desk.run();
  await offline.remember(evidence, hanako, digits(pin));
  return { ...createTerminal(offline), offline };
}

for (const server of ['dead', 'black hole', 'crawling'] as const) {
  test(`with a server that is ${server}, a card is greeted within 800 ms, and its PIN opens; the screen says until when`, async () => {
    const at = await atKnown();
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
  const at = await atKnown();
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

test('a login with the server leaves what is needed without it, a grace or another factor does not', async () => {
  const offline = await desk.run();
  const at = createTerminal(offline);
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

test('without the server wrong PINs are told with what is left, then only the server helps', async () => {
  const at = await atKnown();
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
  const at = await atKnown();
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

const someoneElse: CardEvidence = { ...card, identifier: '04B1B2B3B4B5B6' };
/** Two people are known there: the one whom it is about, and one who can be let in all the time. */
async function atKnownToTwo() {
  const offline = await desk.run();
  await offline.remember(card, hanako, digits(pin));
  await offline.remember(someoneElse, { ...hanako, person: randomUUID() as PersonId }, digits(pin));
  return { ...createTerminal(offline), offline };
}
/** Without the server the card is refused before its PIN is asked for. */
const refusedAlone = async (at: ReturnType<typeof createTerminal>) => {
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
  const offline = await desk.run();
  await offline.remember(card, hanako, digits(pin));
  offline.countRefused(card, true);
  assert.ok(await offline.settled());
  const again = await desk.run();
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

test('a card that was never here is refused without the server in words that say why', async () => {
  const at = await atKnown();
  at.setServer('dead');
  at.tap({ ...card, identifier: '04FFFFFFFFFFFF' });
  await at.shows('refused');
  assert.partialDeepStrictEqual(at.picture(), { why: 'offline' });
  assert.equal(at.last('offline.refused')?.reason, 'unknown');
});

test('where nobody can be let in the screen says that the server is away', async () => {
  const at = createTerminal(await desk.run());
  at.setServer('dead');
  assert.deepEqual(at.picture(), { kind: 'not-ready', why: 'server-unreachable' });
  assert.equal(at.view().offlineUntil, null);
});

/** A card with this key signs this nonce. */
const proofBy = (key: KeyObject, nonce: string): CardEvidence => {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = new X509Certificate(certify(pem));
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    technology: 'piv',
    identifier: createHash('sha256').update(spki).digest('hex').toUpperCase(),
    assurance: 'pki',
    proof: {
      kind: 'piv-9e',
      certificate: certificate.raw.toString('base64url'),
      algorithm: 'ecc-p256',
      nonce,
      signature: sign('sha256', Buffer.from(challengeText({ nonce, terminal })), key).toString('base64url'),
      milliseconds: 100,
    },
  };
};

test('a card that signs gets in by a signature of its own key over a nonce of this terminal, made just now', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const at = await atKnown(proofBy(privateKey, 'first'));
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
  desk.nonces.add('alone.one');
  assert.equal(await refused({ ...proofBy(foreign, 'alone.one'), identifier: right.identifier }), 'unproven');
  desk.nonces.add('alone.one');
  at.tap(right);
  await at.shows('secret');
  at.type(pin);
  await at.shows('open');
  assert.equal(at.last('offline.opened')?.detail?.['assurance'], 'pki');
  at.session.dispatch({ kind: 'lock-asked', reason: 'button' });
  assert.equal(await refused(right), 'unproven', 'shown again');
});

test('a card that signs and that the server has refused here opens nothing without it; a false signature takes nothing away', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const at = await atKnown(proofBy(privateKey, 'first'));
  at.refuse('attempts/begin', { code: 'CARD_REFUSED', supportCode: 'ABC-DEF-GHJ' });
  const refusedWith = async (evidence: CardEvidence) => {
    at.tap(evidence);
    await at.shows('refused');
    at.session.dispatch({ kind: 'cancelled' });
    return at.offline.mayKnow(evidence);
  };
  desk.nonces.add('two');
  const genuine = proofBy(privateKey, 'two');
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  assert.equal(await refusedWith({ ...proofBy(foreign, 'two'), identifier: genuine.identifier }), true);
  desk.nonces.add('three');
  assert.equal(await refusedWith(proofBy(privateKey, 'three')), false);
});

test('a wrong PIN that a slow server refuses late costs one try here', async () => {
  const at = await atKnown();
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
