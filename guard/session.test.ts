import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Grant } from '#contract/api/logins.ts';
import type { EventInput } from '#contract/audit.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { LockId, TerminalId } from '#contract/ids.ts';
import { terminalPolicy } from '#contract/policy.ts';
import type { Picture, ToScreen, View } from '#contract/screen.ts';
import { createCardKeys } from './card-key.ts';
import { createClock } from './clock.ts';
import { createDigits } from './digits.ts';
import { createEffects, type EffectsDeps } from './effects.ts';
import { findGrantFault } from './grant.ts';
import { type Hooks, noHooks } from './hooks/hooks.ts';
import { createLeaseKeeper } from './lease.ts';
import { createLog } from './log.ts';
import { createNoOffline } from './no-offline.ts';
import { createSession } from './session.ts';

const start = Date.parse('2026-11-22T06:00:00Z');
const terminal = randomUUID() as TerminalId;
const signer = generateKeyPairSync('ed25519');
const grantKeys = [{ id: 1, key: signer.publicKey.export({ type: 'spki', format: 'pem' }).toString() }];
const greeting = { person: randomUUID(), name: '看護 花子', number: '100001', roles: ['clinician'] };
const evidence = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' } as const;
const other = { ...evidence, identifier: '04FFFFFFFFFFFF' } as const;
const policy = terminalPolicy.parse({
  pin: { shortest: 8, longest: 12 },
  idleSeconds: 600,
  warnSeconds: 20,
  helpdesk: '2119',
  whenFull: 'strict',
  offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 5, minutes: 720 },
  ways: { substitute: true, emergency: true, witness: true },
});
const pin = '40718293';
const later = (milliseconds: number) => new Date(start + milliseconds).toISOString();

interface Asked {
  readonly name: string;
  readonly request: { params?: Record<string, string>; body?: { lock?: string }; secretBody?: Buffer };
  readonly sent: string;
  answer(result: Result<unknown>): Promise<void>;
}

/** A terminal whose server, journal and screen are in the test's hand. Whatever is not answered stays unanswered. */
function createTerminal(hooks: Pick<Hooks, 'prepare' | 'locked'> = noHooks) {
  const asked: Asked[] = [];
  const messages: ToScreen[] = [];
  const recorded: EventInput[] = [];
  const ended: string[] = [];
  let journalSound = true;
  let covered = true;
  let journalHolds: Promise<void> | undefined;
  let now = start;
  const log = createLog({ level: 'error', now: () => new Date(now), write: () => undefined });
  const clock = createClock({ steady: () => now, wall: () => now, onWrong: () => undefined });
  const call = ((name: string, request: Asked['request']) => {
    const sent = request.secretBody?.toString() ?? '';
    return new Promise((resolve) => {
      asked.push({
        name,
        request,
        sent,
        answer: async (result) => {
          resolve(result);
          await settled();
        },
      });
    });
  }) as unknown as EffectsDeps['uplink']['call'];
  const send = (message: ToScreen) => void messages.push(message);
  const effects = createEffects({
    clock,
    journal: {
      append: async (facts) => {
        recorded.push(facts);
        await journalHolds;
        return journalSound ? succeed({} as never) : fail('INTERNAL');
      },
    },
    uplink: {
      call,
      endSession: (session) => void ended.push(session),
      confirm: () => undefined,
      identity: () => ({ terminal, authority: 'pem' }) as never,
    },
    nonces: { renew: () => undefined },
    offline: createNoOffline({ path: '/nowhere/offline.json', log }),
    hooks,
    digits: createDigits(),
    toScreen: send,
    dispatch: (event) => session.dispatch(event),
    state: () => session.state(),
    isCovered: () => covered,
    findGrantFault: (grant, expected) => findGrantFault(grant, grantKeys, expected),
    origin: () => 'https://server.test',
    log,
  });
  const lease = createLeaseKeeper({
    now: () => now,
    upTime: () => now,
    onLapsed: () => session.dispatch({ kind: 'lock-asked', reason: 'suspend' }),
    send,
  });
  const session = createSession({
    clock,
    policy,
    terminal: '3E-01',
    lease,
    perform: effects.perform,
    onState: effects.settle,
    showView: (view) => send({ kind: 'view', view }),
    freshLock: () => randomUUID() as LockId,
    log,
  });
  const keys = createCardKeys();
  let presentation = 0;
  session.dispatch({ kind: 'screen-joined' });
  session.dispatch({ kind: 'reader-changed', reader: 'ready', name: 'reader' });
  session.dispatch({ kind: 'link-changed', link: 'online' });

  const views = (): View[] => messages.flatMap((message) => (message.kind === 'view' ? [message.view] : []));
  const terminalOf = {
    session,
    messages,
    recorded,
    ended,
    asked,
    views,
    lease,
    picture: (): Picture => session.currentView().picture,
    last: (name: string) => {
      const found = asked.findLast((each) => each.name === name);
      assert.ok(found, `nobody asked ${name}`);
      return found;
    },
    leases: () => messages.filter(({ kind }) => kind === 'lease').length,
    uncover: () => {
      covered = false;
    },
    breakJournal: () => {
      journalSound = false;
    },
    holdJournal: () => {
      const held = Promise.withResolvers<void>();
      journalHolds = held.promise;
      return held.resolve;
    },
    pass: (milliseconds: number) => {
      for (let left = milliseconds; left > 0; left -= 100) {
        now += Math.min(100, left);
        mock.timers.tick(Math.min(100, left));
      }
    },
    tap: (card: typeof evidence | typeof other = evidence) => {
      presentation += 1;
      session.dispatch({ kind: 'card-entered', presentation });
      session.dispatch({ kind: 'card-read', presentation, evidence: card, card: keys(card) });
      session.dispatch({ kind: 'card-left', presentation });
    },
    identified: async () => {
      const attempt = randomUUID();
      const expiresAt = new Date(now + 60_000).toISOString();
      const value = {
        attempt,
        ticket: 'ticket',
        greeting,
        factors: ['pin', 'totp'],
        all: false,
        grace: null,
        offline: true,
        expiresAt,
        supportCode: 'ABC-DEF-GHJ',
      };
      await terminalOf.last('attempts/begin').answer(succeed(value));
      return attempt;
    },
    type: (digits: string) => {
      for (const key of digits) session.dispatch({ kind: 'pressed', key: key as '0' });
      session.dispatch({ kind: 'pressed', key: 'enter' });
    },
    granted: async (changed: object = {}) => {
      const { request, answer } = terminalOf.last('attempts/prove');
      const own = randomUUID();
      const grant = grantOf({
        terminal,
        lock: terminalOf.last('attempts/begin').request.body?.lock,
        session: own,
        attempt: request.params?.['attempt'],
        person: greeting.person,
        issuedAt: later(0),
        expiresAt: new Date(now + 30_000).toISOString(),
        ...changed,
      });
      await answer(
        succeed({
          kind: 'open',
          session: own,
          token: 'token',
          grant,
          endsAt: new Date(now + 43_200_000).toISOString(),
        }),
      );
      return own;
    },
    open: async () => {
      terminalOf.tap();
      await terminalOf.identified();
      terminalOf.type(pin);
      return terminalOf.granted();
    },
  };
  return terminalOf;
}

function grantOf(facts: object): Grant {
  const payload = Buffer.from(JSON.stringify(facts)).toString('base64url');
  return { key: 1, payload, signature: sign(null, Buffer.from(payload), signer.privateKey).toString('base64url') };
}

/** Lets every promise that is ready run on. */
const settled = async () => {
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
};

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
