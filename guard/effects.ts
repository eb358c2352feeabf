import type { Grant, Opened } from '#contract/api/logins.ts';
import type { Factor } from '#contract/audit.ts';
import type { AttemptId, LockId, TerminalId } from '#contract/ids.ts';
import type { AskedFactor, ToScreen } from '#contract/screen.ts';
import type { Effect, LoginEvent, State } from '#core/login/state.ts';
import { createCardlessEffects } from './cardless-effects.ts';
import type { Clock } from './clock.ts';
import type { Digits } from './digits.ts';
import type { Expected, GrantFault } from './grant.ts';
import type { Hooks } from './hooks/hooks.ts';
import { createIdempotencyKey } from './idempotency-key.ts';
import type { Journal } from './journal.ts';
import { heardLate, lateLimit } from './late.ts';
import type { Log } from './log.ts';
import type { Nonces } from './nonces.ts';
import type { Offline } from './offline.ts';
import { createOfflineLogins, switchAfter } from './offline-logins.ts';
import { createStopwatch } from './stopwatch.ts';
import type { Uplink } from './uplink.ts';

export interface EffectsDeps {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'append'>;
  readonly uplink: Pick<Uplink, 'call' | 'endSession' | 'confirm' | 'identity'>;
  readonly nonces: Pick<Nonces, 'renew'>;
  readonly offline: Offline;
  readonly digits: Digits;
  readonly hooks: Pick<Hooks, 'prepare' | 'locked'>;
  readonly toScreen: (message: ToScreen) => void;
  readonly dispatch: (event: LoginEvent) => void;
  readonly state: () => State;
  /** The screens are covered for this lock, and held; otherwise nobody knows who sees what opens. */
  readonly isCovered: (lock: LockId) => boolean;
  readonly findGrantFault: (grant: Grant, expected: Expected) => GrantFault | null;
  /** The server's, for the window of the console. */
  readonly origin: () => string;
  readonly log: Log;
}

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;
/** Views and leases are the session's own. */
type Kept = 'cover' | 'begin-lease' | 'cue';
type Performed = Exclude<Effect, { kind: Kept }>;
type Performers = { readonly [Kind in Performed['kind']]: (effect: Of<Kind>) => void };

/** How the journal names what was shown beside the card. */
const presented = (factor: AskedFactor | 'grace'): Factor => (factor === 'initial' ? 'initial-secret' : factor);

/** Performs the effects of the machine. Nothing here waits: what takes time answers with an event. */
export function createEffects(deps: EffectsDeps): { perform(effect: Effect): void; settle(state: State): void } {
  const { clock, digits, dispatch, journal, log, nonces, uplink } = deps;
  const { call } = uplink;
  const stopwatch = createStopwatch(clock);
  const alone = createOfflineLogins({ ...deps, stopwatch });

  async function identify(effect: Of<'identify'>): Promise<void> {
    const { request, lock, evidence, after, purpose } = effect;
    if (effect.offline) return void alone.identify(effect);
    const body = { lock, card: evidence, purpose, ...(after === null ? {} : { after }) };
    const begun = call('attempts/begin', { body }, { limit: lateLimit });
    const canGoOn = purpose === 'login' && alone.mayFallBack(evidence);
    let wentOn = false;
    let proven = false;
    const giveUp = (): void => {
      if (wentOn) return;
      wentOn = true;
      if (canGoOn) proven = alone.identify(effect);
      else dispatch({ kind: 'identify-failed', request, failure: { code: 'SERVER_UNREACHABLE' } });
    };
    const reply = await heardLate(begun, giveUp, canGoOn ? switchAfter : undefined);
    const { nonce } = reply.ok ? reply.value : reply.failure;
    nonces.renew(nonce);
    if (!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE') return giveUp();
    if (!reply.ok) {
      if (purpose === 'login' && reply.failure.code === 'CARD_REFUSED') alone.cardRefused(evidence, proven);
      return dispatch({ kind: 'identify-failed', request, failure: reply.failure });
    }
    const { expiresAt, grace, offline: mayKeep, nonce: _, ...begins } = reply.value;
    if (!wentOn) alone.begun({ ...begins, evidence, mayKeep });
    dispatch({ kind: 'identified', request, ...begins, grace: grace !== null, endsAt: clock.toMoment(expiresAt) });
  }

  async function prove(effect: Of<'prove'>): Promise<void> {
    const { attempt, ticket, factor } = effect;
    const typed = factor === 'pin' ? digits.toSecret() : Buffer.alloc(0);
    if (effect.offline) {
      digits.forget();
      return alone.digitsFor(effect, typed).check();
    }
    const idempotencyKey = createIdempotencyKey();
    const kept = alone.digitsFor(effect, typed, idempotencyKey);
    const canGoOn = factor === 'pin' && alone.mayProve(attempt);
    let wentOn = false;
    const giveUp = (): void => {
      if (wentOn) return;
      wentOn = true;
      if (canGoOn) void kept.check();
      else {
        kept.drop();
        dispatch({ kind: 'prove-failed', attempt, failure: { code: 'SERVER_UNREACHABLE' } });
      }
    };
    const request =
      factor === 'grace'
        ? { params: { attempt }, body: { ticket, factor, idempotencyKey } }
        : { params: { attempt }, secretBody: digits.toBody('secret', { ticket, factor, idempotencyKey }) };
    digits.forget();
    const proving = call('attempts/prove', request, { limit: lateLimit });
    const reply = await heardLate(proving, giveUp, canGoOn ? switchAfter : undefined);
    if (!reply.ok && reply.failure.code === 'SERVER_UNREACHABLE') return giveUp();
    if (!wentOn && !(reply.ok && reply.value.kind === 'open')) kept.drop();
    if (!reply.ok) {
      if (factor === 'pin') kept.refused(reply.failure.code);
      return dispatch({ kind: 'prove-failed', attempt, failure: reply.failure });
    }
    const { value } = reply;
    switch (value.kind) {
      case 'open':
        tellProved(attempt, value);
        return wentOn ? undefined : kept.keep();
      case 'more':
        return dispatch({ kind: 'more-wanted', attempt, factors: value.factors });
      case 'choose-pin':
        return dispatch({
          kind: 'first-pin-asked',
          attempt,
          order: value.order,
          endsAt: clock.toMoment(value.order.expiresAt),
        });
      case 'witnessed':
        return dispatch({
          kind: 'witnessed',
          attempt,
          next: value.attempt,
          ticket: value.ticket,
          supportCode: value.supportCode,
          endsAt: clock.toMoment(value.expiresAt),
        });
      case 'elsewhere':
        return dispatch({
          kind: 'elsewhere-found',
          attempt,
          there: value.terminal,
          since: clock.toMoment(value.since),
        });
    }
  }

  function tellProved(attempt: AttemptId, { session, token, grant, endsAt }: Opened): void {
    dispatch({ kind: 'proved', attempt, session, token, grant, endsAt: clock.toMoment(endsAt) });
  }

  async function settle({ attempt, ticket, choice }: Of<'settle'>): Promise<void> {
    const body = { ticket, choice, idempotencyKey: createIdempotencyKey() };
    const settling = call('attempts/settle', { params: { attempt }, body }, { limit: lateLimit });
    const giveUp = () => dispatch({ kind: 'prove-failed', attempt, failure: { code: 'SERVER_UNREACHABLE' } });
    const reply = await heardLate(settling, giveUp);
    if (reply.ok) tellProved(attempt, reply.value);
    else dispatch({ kind: 'prove-failed', attempt, failure: reply.failure });
  }

  /** A session that the server has ended locks the terminal, also when the push of it was missed. */
  async function touch({ session, token, idleSeconds }: Of<'touch'>): Promise<void> {
    const request = { params: { session }, body: { token, idleSeconds } };
    const reply = await call('sessions/touch', request, { lane: 'background' });
    if (!reply.ok && reply.failure.code === 'SESSION_ENDED')
      dispatch({ kind: 'session-ended', session, reason: 'server-ended' });
  }

  async function open(effect: Of<'open'>): Promise<void> {
    const { lock, session, attempt, grant, greeting, first, shown } = effect;
    const failed = (reason: string) => {
      log.warn('open-failed', { reason });
      deps.hooks.locked(session, 'open-failed');
      dispatch({ kind: 'open-failed', session });
    };
    const terminal: TerminalId | undefined = uplink.identity()?.terminal;
    if (terminal === undefined || lock !== deps.state().lock) return failed('lock');
    const { person } = greeting;
    if (grant !== null) {
      const expected = { terminal, lock, session, attempt, person, serverNow: clock.serverNow() };
      const fault = deps.findGrantFault(grant, expected);
      if (fault !== null) return failed(fault);
    }
    if (!(await deps.hooks.prepare({ ...greeting, session, terminal: deps.state().terminal }))) return failed('hooks');
    // Much can have happened while the desktop was made ready.
    if (lock !== deps.state().lock) return failed('lock');
    if (!deps.isCovered(lock)) return failed('uncovered');
    if (grant === null) {
      return (await alone.open(effect)) ? dispatch({ kind: 'opened', session }) : failed('offline');
    }
    const written = await journal.append({
      kind: 'screen.opened',
      outcome: 'success',
      person,
      attempt,
      session,
      factors: [first, ...shown.map(presented)],
      detail: { ...stopwatch.take() },
    });
    if (!written.ok) return failed('journal');
    dispatch({ kind: 'opened', session });
  }

  async function giveCard({ ceremony, evidence }: Of<'give-card'>): Promise<void> {
    const reply = await call('ceremonies/give-card', { params: { ceremony }, body: { card: evidence } });
    if (reply.ok) nonces.renew(reply.value.nonce);
    if (reply.ok) dispatch({ kind: 'ceremony-answered', ceremony, next: reply.value.next });
    else dispatch({ kind: 'ceremony-failed', ceremony, failure: reply.failure });
  }

  async function givePin({ ceremony }: Of<'give-pin'>): Promise<void> {
    const secretBody = digits.toBody('pin');
    digits.forget();
    digits.forgetFirst();
    const reply = await call('ceremonies/give-pin', { params: { ceremony }, secretBody });
    if (reply.ok) dispatch({ kind: 'ceremony-answered', ceremony, next: 'done' });
    else dispatch({ kind: 'ceremony-failed', ceremony, failure: reply.failure });
  }

  async function openConsole({ session, token }: Of<'open-console'>): Promise<void> {
    const reply = await call('sessions/open-console', { params: { session }, body: { token } });
    if (!reply.ok) return log.warn('console-refused', { code: reply.failure.code });
    const authority = uplink.identity()?.authority ?? '';
    deps.toScreen({ kind: 'open-console', origin: deps.origin(), ticket: reply.value.ticket, authority });
  }

  /** Confirmed is what this terminal will not forget: also when the server is away. */
  async function confirm({ number, receivedAt, lockedAt }: Of<'confirm'>): Promise<void> {
    const receipt = {
      number,
      receivedAt: clock.toInstant(receivedAt),
      lockedAt: lockedAt === null ? null : clock.toInstant(lockedAt),
    };
    if (await deps.offline.settled()) uplink.confirm(receipt);
  }

  const performers: Performers = {
    ...createCardlessEffects(deps, tellProved),
    identify: (effect) => void identify(effect),
    prove: (effect) => void prove(effect),
    settle: (effect) => void settle(effect),
    touch: (effect) => void touch(effect),
    abandon: ({ attempt, ticket, reason }) =>
      ticket !== '' &&
      void call('attempts/abandon', { params: { attempt }, body: { ticket, reason } }, { lane: 'background' }),
    open: (effect) => void open(effect),
    'end-session': ({ session, reason }) => uplink.endSession(session, reason, clock.toInstant(clock.now())),
    record: ({ facts }) => {
      void journal.append(facts);
      // The screen was told to cover before; nothing of this holds anything up.
      if (facts.kind === 'screen.locked') deps.hooks.locked(facts.session ?? '', facts.reason ?? '');
    },
    confirm: (effect) => void confirm(effect),
    'add-digit': ({ digit }) => digits.add(digit),
    'drop-digit': () => digits.drop(),
    'forget-digits': () => digits.forget(),
    'give-card': (effect) => void giveCard(effect),
    'keep-first-pin': () => digits.keepFirst(),
    'compare-pins': ({ ceremony }) => dispatch({ kind: 'pins-compared', ceremony, same: digits.sameAsFirst() }),
    'give-pin': (effect) => void givePin(effect),
    'leave-ceremony': ({ ceremony }) =>
      void call('ceremonies/leave', { params: { ceremony }, body: {} }, { lane: 'background' }),
    'open-console': (effect) => void openConsole(effect),
    'close-console': () => deps.toScreen({ kind: 'close-console' }),
  };

  return {
    perform(effect) {
      const perform = performers[effect.kind as Performed['kind']] as (effect: Effect) => void;
      perform(effect);
    },
    /** The first of two PINs is held only while the second is typed or compared. */
    settle(state) {
      const { phase } = state;
      stopwatch.see(state);
      const wanted = phase.kind === 'ceremony' && (phase.step === 'repeat-pin' || phase.step === 'sending');
      if (!wanted) digits.forgetFirst();
    },
  };
}
