import { randomUUID } from 'node:crypto';
import type { Greeting } from '#contract/api/logins.ts';
import type { CardEvidence } from '#contract/card.ts';
import type { FailureCode } from '#contract/errors.ts';
import type { AttemptId, LockId } from '#contract/ids.ts';
import type { Effect } from '#core/login/state.ts';
import { nameProof } from '#core/policy/proof-name.ts';
import type { EffectsDeps } from './effects.ts';
import type { CheckedOffline, KnownOffline } from './offline.ts';
import type { Stopwatch } from './stopwatch.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** A server that is there answers sooner; with what the terminal does itself a person waits 800 ms at most. */
export const switchAfter = 550;

/** The attempt that is under way, as far as the terminal could go on with it alone. */
interface Current {
  readonly attempt: AttemptId;
  readonly evidence: CardEvidence;
  readonly greeting: Greeting;
  /** The server lets the terminal keep what this login leaves. */
  readonly mayKeep: boolean;
}

/** The digits of one proof, and what they may leave here. */
export interface TypedDigits {
  /** The server has let them in. */
  keep(): void;
  /** No answer comes: they are looked at here. */
  check(): Promise<void>;
  drop(): void;
  /** The server would not let them, or their card, go on, also where that is heard late: without it they are let in no sooner. */
  refused(code: FailureCode): void;
}

/** What the terminal does without the server, and what it keeps for then. */
export interface OfflineLogins {
  /** The server has let this attempt in. */
  begun(current: Current): void;
  mayFallBack(evidence: CardEvidence): boolean;
  /** Whether the card is known here and proved that it is this one. */
  identify(effect: Of<'identify'>): boolean;
  /** `key`: by which the server knows the proof, where it is asked too. */
  digitsFor(effect: Of<'prove'>, digits: Buffer, key?: string): TypedDigits;
  /** The server has refused this card, which `identify` may have proved here meanwhile. */
  cardRefused(evidence: CardEvidence, proven: boolean): void;
  /** Whether this attempt could be gone on with when no answer comes. */
  mayProve(attempt: AttemptId): boolean;
  open(effect: Of<'open'>): Promise<boolean>;
}

type Deps = Pick<EffectsDeps, 'clock' | 'dispatch' | 'journal' | 'offline' | 'state'> & {
  readonly stopwatch: Pick<Stopwatch, 'take'>;
};

/** How long somebody may take to type (milliseconds). */
const attemptLife = 60_000;

export function createOfflineLogins({ clock, dispatch, journal, offline, state, stopwatch }: Deps): OfflineLogins {
  let current: Current | null = null;
  let known: KnownOffline | null = null;

  const instant = (server: number): string => new Date(server).toISOString();
  const toMoment = (server: number): number => clock.now() + server - (offline.now() ?? server);

  async function look(
    { attempt, evidence }: Current,
    lock: LockId,
    digits: Buffer,
    key: string | undefined,
  ): Promise<CheckedOffline['kind']> {
    const checked = await offline.check(evidence, digits, { attempt, lock });
    await tellLooked(attempt, checked, key);
    return checked.kind;
  }

  async function tellLooked(attempt: AttemptId, checked: CheckedOffline, key: string | undefined): Promise<void> {
    if (checked.kind === 'right') {
      known = checked.known;
      const { minutes } = state().policy.offline;
      const endsAt = Math.min(clock.now() + minutes * 60_000, toMoment(checked.known.until));
      return dispatch({ kind: 'proved', attempt, session: checked.session, token: '', grant: null, endsAt });
    }
    const { person } = checked;
    const factors = ['card', 'pin'] as const;
    const reason = checked.kind === 'wrong' ? 'wrong-secret' : checked.why;
    // On the disk before anybody is told: a try that the person knows of is one that the log will have.
    // The server may have counted the same step, and counts it once.
    const detail = checked.kind === 'wrong' && key !== undefined ? { proof: nameProof(key) } : {};
    await journal.append({ kind: 'offline.refused', outcome: 'minor', person, factors: [...factors], reason, detail });
    if (checked.kind === 'refused')
      return dispatch({
        kind: 'prove-failed',
        attempt,
        failure: { code: checked.why === 'locked' ? 'PROOF_LOCKED' : 'OFFLINE_REFUSED' },
      });
    const { triesLeft } = checked;
    if (triesLeft > 0) return dispatch({ kind: 'prove-failed', attempt, failure: { code: 'PROOF_WRONG', triesLeft } });
    void journal.append({ kind: 'offline.locked', outcome: 'serious', person, factors: [...factors] });
    dispatch({ kind: 'prove-failed', attempt, failure: { code: 'PROOF_LOCKED' } });
  }

  return {
    begun(next) {
      current = next;
    },
    mayFallBack: offline.mayKnow,
    identify({ request, evidence }) {
      const found = offline.find(evidence);
      if (!found.ok) {
        const { person, why } = found;
        void journal.append({ kind: 'offline.refused', outcome: 'minor', person, factors: ['card'], reason: why });
        const code = why === 'locked' ? 'PROOF_LOCKED' : 'OFFLINE_REFUSED';
        dispatch({ kind: 'identify-failed', request, failure: { code } });
        return false;
      }
      const { greeting } = found;
      const attempt = randomUUID() as AttemptId;
      current = { attempt, evidence, greeting, mayKeep: false };
      dispatch({
        kind: 'identified',
        request,
        attempt,
        ticket: '',
        greeting,
        factors: ['pin'],
        all: false,
        grace: false,
        offline: true,
        supportCode: '',
        endsAt: clock.now() + attemptLife,
      });
      return true;
    },
    digitsFor(effect, digits, key) {
      const from = current?.attempt === effect.attempt ? current : null;
      // Of a grace or another factor nothing is left that could be typed without the server.
      const mayKeep = from?.mayKeep === true && effect.factor === 'pin';
      // From now on: a revocation may be heard before the answer.
      const login = mayKeep ? offline.expect(from.greeting.person) : null;
      let looked: ReturnType<typeof look> | null = null;
      const forgo = () => login && offline.forgo(login);
      const drop = () => {
        forgo();
        digits.fill(0);
      };
      return {
        keep() {
          if (from && login) void offline.remember(from.evidence, from.greeting, digits, login);
          else drop();
        },
        async check() {
          forgo();
          if (from !== null && from === current) {
            looked = look(from, effect.lock, digits, key);
            await looked;
          } else {
            // Somebody else has begun.
            drop();
            dispatch({ kind: 'prove-failed', attempt: effect.attempt, failure: { code: 'SERVER_UNREACHABLE' } });
          }
        },
        drop,
        refused(code) {
          if (from === null) return;
          const { evidence } = from;
          // Its PIN was asked for, so that the server had believed the card.
          if (code === 'CARD_REFUSED') offline.forget(evidence, true);
          if (code === 'PROOF_LOCKED') offline.countRefused(evidence, true);
          if (code !== 'PROOF_WRONG') return;
          if (looked === null) return offline.countRefused(evidence, false);
          // A wrong one was counted when it was looked at here. One that is right here alone was changed elsewhere.
          void looked.then((kind) => kind === 'right' && offline.forget(evidence, true));
        },
      };
    },
    cardRefused: offline.forget,
    mayProve: (attempt) => current?.attempt === attempt && offline.mayKnow(current.evidence),
    /** Whether exactly this was proved here just now, and is written. */
    async open({ lock, session, attempt, greeting }) {
      const { person } = greeting;
      if (known === null || !offline.takeGrant({ lock, session, attempt, person })) return false;
      const { assurance, loginAt, until } = known;
      known = null;
      const written = await journal.append({
        kind: 'offline.opened',
        outcome: 'success',
        person,
        session,
        factors: ['card', 'pin'],
        detail: { loginAt: instant(loginAt), until: instant(until), at: instant(offline.now() ?? 0), assurance },
      });
      // Before anybody sees the desktop: an older copy of the journal, without this, will be seen.
      if (!written.ok || !(await offline.keepHead())) return false;
      return (
        await journal.append({
          kind: 'screen.opened',
          outcome: 'success',
          person,
          session,
          factors: ['card', 'pin'],
          detail: { ...stopwatch.take() },
        })
      ).ok;
    },
  };
}
