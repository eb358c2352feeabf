import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mock } from 'node:test';
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

export const start = Date.parse('2026-11-22T06:00:00Z');
const terminal = randomUUID() as TerminalId;
const signer = generateKeyPairSync('ed25519');
const grantKeys = [{ id: 1, key: signer.publicKey.export({ type: 'spki', format: 'pem' }).toString() }];
const greeting = { person: randomUUID(), name: '看護 花子', number: '100001', roles: ['clinician'] };
export const evidence = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' } as const;
export const other = { ...evidence, identifier: '04FFFFFFFFFFFF' } as const;
const policy = terminalPolicy.parse({
  pin: { shortest: 8, longest: 12 },
  idleSeconds: 600,
  warnSeconds: 20,
  helpdesk: '2119',
  whenFull: 'strict',
  offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 5, minutes: 720 },
  ways: { substitute: true, emergency: true, witness: true },
});
export const pin = '40718293';
export const later = (milliseconds: number) => new Date(start + milliseconds).toISOString();

interface Asked {
  readonly name: string;
  readonly request: { params?: Record<string, string>; body?: { lock?: string }; secretBody?: Buffer };
  readonly sent: string;
  answer(result: Result<unknown>): Promise<void>;
}

/** A terminal whose server, journal and screen are in the test's hand. Whatever is not answered stays unanswered. */
export function createTerminal(hooks: Pick<Hooks, 'prepare' | 'locked'> = noHooks) {
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

export function grantOf(facts: object): Grant {
  const payload = Buffer.from(JSON.stringify(facts)).toString('base64url');
  return { key: 1, payload, signature: sign(null, Buffer.from(payload), signer.privateKey).toString('base64url') };
}

/** Lets every promise that is ready run on. */
export const settled = async () => {
  for (let count = 0; count < 20; count += 1) await Promise.resolve();
};
