/**
 * Logins without the server. What somebody's last login with the server leaves here opens this terminal to them for the
 * hours that policy gives, by their card and their PIN; nothing of it is worth anything without this terminal's keychain.
 */
import { createPublicKey, randomBytes, randomUUID, verify, X509Certificate } from 'node:crypto';
import { type Greeting, greeting as greetingShape } from '#contract/api/logins.ts';
import type { RevocationOrder } from '#contract/api/terminals.ts';
import type { Assurance, CardEvidence } from '#contract/card.ts';
import type { AttemptId, LockId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import { type TerminalPolicy, terminalPolicy } from '#contract/policy.ts';
import { challengeText } from '#core/card/challenge.ts';
import { judgeOffline, type OfflineRules, type OfflineVerdict, offlineUntil } from '#core/policy/offline.ts';
import { createKeeper } from './keeper.ts';
import { codeOf, type Log } from './log.ts';
import type { OfflineSeal } from './offline-seal.ts';
import type { OfflineContent, OfflineEntry, OfflineStore } from './offline-store.ts';
import type { TrustedTime } from './trusted-time.ts';

export interface OfflineDeps {
  readonly seal: OfflineSeal;
  readonly store: OfflineStore;
  readonly time: TrustedTime;
  readonly rules: () => OfflineRules;
  readonly terminal: () => TerminalId | undefined;
  /** Whether a card was given this nonce here just now; once for each. */
  readonly takeNonce: (nonce: string) => boolean;
  /** What may be let in has changed. */
  readonly onChanged: () => void;
  readonly log: Log;
  /** Milliseconds after which a save that failed is tried again. */
  readonly retryEvery?: number;
}

/** Why a card opens nothing here without the server; for the log alone. */
export type OfflineRefusal =
  | Exclude<OfflineVerdict, 'allowed'>
  | 'unknown'
  | 'damaged'
  | 'unproven'
  | 'clock'
  | 'off'
  | 'not-kept';

export interface KnownOffline {
  readonly ok: true;
  readonly greeting: Greeting;
  /** By the server's clock, epoch milliseconds. */
  readonly loginAt: number;
  readonly until: number;
  readonly assurance: Assurance;
}
export type FoundOffline =
  | KnownOffline
  | { readonly ok: false; readonly why: OfflineRefusal; readonly person: PersonId | null };

export type CheckedOffline =
  | { readonly kind: 'right'; readonly session: SessionId; readonly known: KnownOffline }
  | { readonly kind: 'wrong'; readonly triesLeft: number; readonly person: PersonId }
  | { readonly kind: 'refused'; readonly why: OfflineRefusal; readonly person: PersonId | null };

/** What a session that was proved here must name to open this terminal, once. */
export interface OfflineGrant {
  readonly lock: LockId;
  readonly attempt: AttemptId;
  readonly session: SessionId;
  readonly person: PersonId;
}

/** A login that the server is asked for or that is just being kept; a revocation of its person leaves its mark on it. */
export interface ExpectedLogin {
  readonly person: PersonId;
  revoked: boolean;
}

export interface Offline {
  /** Somebody's login may be kept when its answer comes, unless they are revoked before. Ends with `remember` or `forgo`. */
  expect(person: PersonId): ExpectedLogin;
  /** Nothing is kept of it. */
  forgo(login: ExpectedLogin): void;
  /** Keeps what a login with the server leaves. Wipes the digits. */
  remember(card: CardEvidence, greeting: Greeting, pin: Buffer, login?: ExpectedLogin): Promise<void>;
  /** Whether this card could be let in without the server. Spends nothing. */
  mayKnow(card: CardEvidence): boolean;
  find(card: CardEvidence): FoundOffline;
  /** Counts the try durably, then looks at the PIN; one that cannot be counted is not looked at. Wipes the digits. */
  check(card: CardEvidence, pin: Buffer, grantFor: Omit<OfflineGrant, 'session' | 'person'>): Promise<CheckedOffline>;
  /** The server has refused this PIN: that counts here too, and where it has locked, nothing opens here before a login with it. */
  countRefused(card: CardEvidence, isLocked: boolean): void;
  /** The server has refused this card: nothing is kept of it. One with a key has to prove it, unless it was `proven`. */
  forget(card: CardEvidence, proven: boolean): void;
  /** Whether `check` has proved exactly this, a moment ago and for the first time. */
  takeGrant(grant: OfflineGrant): boolean;
  /** A revocation: nothing of whom it concerns is kept. */
  revoke(order: Pick<RevocationOrder, 'what' | 'subject' | 'person'>): void;
  /** Until when anybody can be let in (server's clock), or null. */
  until(): number | null;
  /** Milliseconds on the server's clock, or null where no time can be believed. */
  now(): number | null;
  /** Resolves to true when what was changed is durable, however long that takes; to false where it ends before. */
  settled(): Promise<boolean>;
  /** Tells the keychain how far the journal has come: nobody can put it back to before this unseen. False where that cannot be. */
  keepHead(): Promise<boolean>;
  /** What the server said last that holds, for a start without it; undefined where it never did. */
  policy(): TerminalPolicy | undefined;
  keepPolicy(policy: TerminalPolicy): void;
  /** Tries to save what is not durable once more, and ends. */
  stop(): Promise<void>;
}

/** More than any policy allows without the server. */
const mostTries = 1_000;

/** A proof opens within this time (milliseconds). */
const grantLife = 30_000;

export function createOffline(deps: OfflineDeps): Offline {
  const { log, rules, seal, store, time } = deps;
  let { entries } = store.content;
  let policy = terminalPolicy.safeParse(store.content.policy).data;
  const expected = new Set<ExpectedLogin>();
  const grants = new Map<SessionId, OfflineGrant & { readonly endsAt: number }>();
  time.atLeast(store.content.seen);

  const contentNow = (): OfflineContent => ({
    seen: time.now() ?? store.content.seen,
    policy: policy ?? null,
    entries: [...entries],
  });
  const keeper = createKeeper({
    put: () => store.save(contentNow()),
    ...(deps.retryEvery === undefined ? {} : { retryEvery: deps.retryEvery }),
  });
  function save(): Promise<boolean> {
    const saved = keeper.keep();
    deps.onChanged();
    return saved;
  }

  const replace = (card: string, next: OfflineEntry | null): void => {
    entries = entries.filter((one) => one.card !== card).concat(next ?? []);
  };
  const entryOf = (card: CardEvidence): OfflineEntry | undefined => {
    const index = seal.indexOf(card);
    return entries.find((one) => one.card === index);
  };

  /** The person of an entry and whether policy lets them in now. The card's own proof is another matter. */
  function judge(card: CardEvidence, entry: OfflineEntry | undefined): FoundOffline {
    const refuse = (why: OfflineRefusal): FoundOffline => ({ ok: false, why, person: entry?.person ?? null });
    if (rules().hours === 0) return refuse('off');
    if (entry === undefined) return refuse('unknown');
    const now = time.now();
    if (now === null) return refuse('clock');
    const opened = seal.tryOpenGreeting(card, Buffer.from(entry.salt, 'base64url'), entry.greeting);
    const greeting = opened === undefined ? undefined : greetingShape.safeParse(JSON.parse(opened)).data;
    if (greeting === undefined || greeting.person !== entry.person) return refuse('damaged');
    const verdict = judgeOffline({ ...entry, roles: greeting.roles }, rules(), now);
    if (verdict !== 'allowed') return refuse(verdict);
    const { assurance, loginAt } = entry;
    return { ok: true, greeting, loginAt, until: offlineUntil(loginAt, rules()), assurance };
  }

  function find(card: CardEvidence): FoundOffline {
    const entry = entryOf(card);
    const found = judge(card, entry);
    if (!found.ok || entry?.publicKey === undefined) return found;
    const proven = isProven(card, entry.publicKey, deps.terminal(), deps.takeNonce);
    return proven ? found : { ok: false, why: 'unproven', person: entry.person };
  }

  function expect(person: PersonId): ExpectedLogin {
    const login = { person, revoked: false };
    expected.add(login);
    return login;
  }

  return {
    expect,
    forgo: (login) => void expected.delete(login),
    async remember(card, greeting, pin, login = expect(greeting.person)) {
      try {
        const loginAt = time.now();
        if (loginAt === null || rules().hours === 0) return;
        const salt = randomBytes(16);
        const verifier = await seal.sealVerifier(card, salt, pin);
        const publicKey = keyOf(card);
        const index = seal.indexOf(card);
        // Its receipt may have gone out: what is confirmed is not forgotten.
        if (login.revoked) return;
        // Of one person the card that was used last is enough.
        entries = entries.filter(({ person }) => person !== greeting.person);
        replace(index, {
          card: index,
          person: greeting.person,
          assurance: card.proof === undefined ? 'identifier' : 'pki',
          loginAt,
          failures: 0,
          ...(publicKey === undefined ? {} : { publicKey }),
          salt: salt.toString('base64url'),
          greeting: seal.sealGreeting(card, salt, JSON.stringify(greeting)),
          verifier,
        });
        entries = entries.filter((one) => offlineUntil(one.loginAt, { hours: 720 }) > loginAt);
        await save();
      } catch (error) {
        log.error('offline-not-remembered', { code: codeOf(error) });
      } finally {
        expected.delete(login);
        pin.fill(0);
      }
    },
    mayKnow: (card) => judge(card, entryOf(card)).ok,
    find,
    async check(card, pin, grantFor) {
      try {
        const entry = entryOf(card);
        const known = judge(card, entry);
        if (!known.ok || entry === undefined)
          return { kind: 'refused', why: known.ok ? 'unknown' : known.why, person: entry?.person ?? null };
        const counted = { ...entry, failures: entry.failures + 1 };
        const notKept = { kind: 'refused', why: 'not-kept', person: entry.person } as const;
        replace(entry.card, counted);
        if (!(await save())) {
          // Nobody has looked at it: it costs no try, unless another one was counted on top of it.
          if (entryOf(card) === counted) replace(entry.card, entry);
          deps.onChanged();
          return notKept;
        }
        const right = await seal.isPin(card, Buffer.from(entry.salt, 'base64url'), entry.verifier, pin);
        // A revocation or a newer login may have come meanwhile.
        const after = entryOf(card);
        if (after === undefined || after.salt !== entry.salt)
          return { kind: 'refused', why: 'unknown', person: entry.person };
        if (!right) return { kind: 'wrong', triesLeft: rules().tries - counted.failures, person: entry.person };
        // The server has locked it after all.
        if (after.failures >= mostTries) return { kind: 'refused', why: 'locked', person: entry.person };
        // What another look or the server has counted meanwhile stays counted.
        if (after.failures === counted.failures) {
          replace(entry.card, { ...after, failures: 0 });
          if (!(await save())) return notKept;
        }
        const session = randomUUID() as SessionId;
        grants.set(session, { ...grantFor, session, person: entry.person, endsAt: performance.now() + grantLife });
        return { kind: 'right', session, known };
      } finally {
        pin.fill(0);
      }
    },
    countRefused(card, isLocked) {
      const entry = entryOf(card);
      if (entry === undefined) return;
      const failures = isLocked ? Math.max(entry.failures, mostTries) : entry.failures + 1;
      replace(entry.card, { ...entry, failures });
      void save();
    },
    forget(card, proven) {
      const entry = entryOf(card);
      if (entry === undefined) return;
      // A copy of a number is as good as the card; a signature can be wrong without it.
      const { publicKey } = entry;
      if (!proven && publicKey !== undefined && !isProven(card, publicKey, deps.terminal(), deps.takeNonce)) return;
      replace(entry.card, null);
      void save();
    },
    takeGrant({ lock, attempt, session, person }) {
      const given = grants.get(session);
      grants.clear();
      if (given === undefined || performance.now() > given.endsAt) return false;
      const stillKnown = entries.some((one) => one.person === person);
      return stillKnown && given.lock === lock && given.attempt === attempt && given.person === person;
    },
    revoke({ what, subject, person }) {
      if (what === 'session') return;
      for (const one of expected)
        one.revoked ||= what === 'terminal' || one.person === person || one.person === subject;
      const before = entries.length;
      entries = entries.filter((one) => what !== 'terminal' && one.person !== person && one.person !== subject);
      if (entries.length < before) void save();
    },
    until() {
      const now = time.now();
      if (now === null || rules().hours === 0) return null;
      const ends = entries
        .filter(({ failures, assurance }) => failures < rules().tries && rules().assurance.includes(assurance))
        .map(({ loginAt }) => offlineUntil(loginAt, rules()))
        .filter((end) => end > now);
      return ends.length === 0 ? null : Math.max(...ends);
    },
    now: time.now,
    settled: keeper.settled,
    keepHead: () =>
      store.keepHead().then(
        () => true,
        () => false,
      ),
    policy: () => policy,
    keepPolicy(next) {
      if (JSON.stringify(next) === JSON.stringify(policy)) return;
      policy = next;
      void save();
    },
    stop: keeper.stop,
  };
}

const keyOf = ({ proof }: CardEvidence): string | undefined =>
  proof === undefined
    ? undefined
    : new X509Certificate(Buffer.from(proof.certificate, 'base64url')).publicKey
        .export({ type: 'spki', format: 'der' })
        .toString('base64url');

/** The card signed, here and just now, by the key that it had at the last login with the server. */
function isProven(
  { proof }: CardEvidence,
  pinned: string,
  terminal: TerminalId | undefined,
  takeNonce: OfflineDeps['takeNonce'],
): boolean {
  if (proof === undefined || terminal === undefined || !takeNonce(proof.nonce)) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(pinned, 'base64url'), format: 'der', type: 'spki' });
    const text = Buffer.from(challengeText({ nonce: proof.nonce, terminal }), 'utf8');
    const hash = proof.algorithm === 'ecc-p384' ? 'sha384' : 'sha256';
    return verify(hash, text, key, Buffer.from(proof.signature, 'base64url'));
  } catch {
    return false;
  }
}
