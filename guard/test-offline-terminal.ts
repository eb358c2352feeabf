/** Terminals that decide alone, for tests: a real keeping, session and lease; their server answers as the test says. */
import { createHash, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { type EventInput, eventFacts } from '#contract/audit.ts';
import type { CardEvidence } from '#contract/card.ts';
import { type Failure, fail, type Result, succeed } from '#contract/errors.ts';
import type { LockId } from '#contract/ids.ts';
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
import { card, createDesk, digits, hanako, pin, policy, terminal } from './test-offline.ts';
import { certify } from './test-server.ts';

/** What a server does with a call. */
type Server = 'dead' | 'black hole' | 'crawling' | 'there';
export type OfflineTerminal = ReturnType<typeof createTerminal>;

/** A terminal with a real keeping; its server answers as the test says. */
function createTerminal(offline: Offline, stops: (() => void)[]) {
  let server: Server = 'there';
  let locked = false;
  const asked: string[] = [];
  const recorded: EventInput[] = [];
  const ended: string[] = [];
  const confirmed: number[] = [];
  const kept: Promise<void>[] = [];
  const views: View[] = [];
  const waiting: (() => void)[] = [];
  let written: Promise<void> | undefined;
  let reached: () => void = () => undefined;
  let changed = Promise.withResolvers<void>();
  const clock = createClock({ steady: () => performance.now(), wall: Date.now, onWrong: () => undefined });
  const later = (ms: number) => new Date(Date.now() + ms).toISOString();
  let begins: object = {};
  const answers: Record<string, () => object> = {
    'attempts/begin': () => ({
      ...{ attempt: randomUUID(), ticket: 'ticket', greeting: hanako, factors: ['pin'], all: false, grace: null },
      ...{ offline: true, expiresAt: later(60_000), supportCode: 'ABC-DEF-GHJ', nonce: null },
      ...begins,
    }),
    'attempts/prove': () => ({
      ...{ kind: 'open', session: randomUUID(), token: 'token', endsAt: later(3_600_000) },
      grant: { key: 1, payload: 'p', signature: 's' },
    }),
  };
  const refusals = new Map<string, Failure>();
  const proofKeys: string[] = [];
  const call = (async (name: string, request: { readonly secretBody?: Buffer }): Promise<Result<unknown>> => {
    asked.push(name);
    if (request.secretBody !== undefined) proofKeys.push(JSON.parse(request.secretBody.toString()).idempotencyKey);
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
    offline: {
      ...offline,
      remember(...given) {
        const keeping = offline.remember(...given);
        kept.push(keeping);
        return keeping;
      },
    },
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
      confirm: ({ number }) => void confirmed.push(number),
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
    /** By which the server knows what was typed, each in its turn. */
    proofKeys,
    recorded,
    ended,
    /** Numbers of revocations whose receipt was sent. */
    confirmed,
    /** What is being kept of logins with the server, and was. */
    kept,
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
    /** How the answer to a card differs from now on. */
    answerBegin(differs: object) {
      begins = differs;
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

/** A desk and the terminals that a test makes on it. */
export function createOfflineTerminals() {
  const desk = createDesk();
  const stops: (() => void)[] = [];
  const create = (offline: Offline) => createTerminal(offline, stops);
  return {
    desk,
    create,
    /** A terminal at which this card logged in with the server before. */
    async atKnown(evidence: CardEvidence = card) {
      const offline = await desk.run();
      await offline.remember(evidence, hanako, digits(pin));
      return { ...create(offline), offline };
    },
    async remove() {
      for (const stop of stops) stop();
      await desk.remove();
    },
  };
}

/** A card with this key signs this nonce. */
export const proofBy = (key: KeyObject, nonce: string): CardEvidence => {
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
