import { setTimeout as wait } from 'node:timers/promises';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Outcome } from '#contract/errors.ts';
import { normalisePassword } from '#core/policy/password.ts';
import { mayUseConsole } from '#core/policy/rights.ts';
import { triesLeft } from '#core/policy/tries.ts';
import { checkSecret, type Hashed, hashSecret, isOldHash, matchTotp, tryOpenSeed } from './credentials.ts';
import type { ServerDeps } from './deps.ts';
import type { HashQueue, Place } from './hash-queue.ts';
import { renewHash } from './renewals.ts';
import { accept, type Credential, type CredentialKind, disable, reserve } from './store/credentials.ts';
import type { Transaction } from './store/database.ts';
import { record } from './store/events.ts';
import { tryFindByNumber, tryLockPerson } from './store/people.ts';

export interface Typed {
  readonly password: string;
  readonly code: string;
}

/** Why a sign-in was refused. For the log alone: the answer is the same for all. */
export type WhyRefused =
  | WhyBarred
  | 'unknown-person'
  | 'not-set-up'
  | 'locked'
  | 'password-wrong'
  | 'totp-wrong'
  | 'code-used'
  | 'credential-damaged';

/** How the log weighs it: a lock, and a code that was used before, may be an attack. */
export const outcomeOfRefusal = (why: WhyRefused): Outcome => {
  if (why === 'credential-damaged') return 'major';
  return why === 'locked' || why === 'code-used' ? 'serious' : 'minor';
};

export type SignInVerdict<Opened> =
  | { readonly ok: true; readonly opened: Opened }
  | { readonly ok: false; readonly person: PersonSummary | null; readonly why: WhyRefused };

/**
 * What opens when both secrets were right, in the transaction that uses the code up and holds person and factors: whoever
 * takes them away comes before it, and nothing opens, or after it, and ends what did.
 */
export type Open<Opened> = (tx: Transaction, person: PersonSummary) => Promise<Opened>;

/** Refusals take a whole number of these steps, so that their time says nothing of how far they came (milliseconds). */
const refusalStep = 400;

/** For how long a refusal is still held back. Whoever floods a queue to be late finds the same steps there. */
export const untilNextStep = (elapsed: number): number => refusalStep - (elapsed % refusalStep);

/** Holds a refusal back so long. */
export const refuseSlowly = async <Verdict extends { readonly ok: boolean }>(
  work: () => Promise<Verdict>,
): Promise<Verdict> => {
  const since = performance.now();
  const verdict = await work();
  if (!verdict.ok) await wait(untilNextStep(performance.now() - since));
  return verdict;
};

export interface SignIn {
  /** Somebody at the door says a staff number. */
  byNumber<Opened>(number: string, typed: Typed, place: Place, open: Open<Opened>): Promise<SignInVerdict<Opened>>;
  /** Somebody who is signed in proves it anew; the tries count together with those at the door. */
  ofPerson<Opened>(
    person: PersonSummary,
    typed: Typed,
    place: Place,
    open: Open<Opened>,
  ): Promise<SignInVerdict<Opened>>;
}

/** Checks password and TOTP with the same work whoever the number belongs to. */
export function createSignIn(deps: ServerDeps, queue: HashQueue): SignIn {
  let dummy: Promise<Hashed> | undefined;

  /** Under the newest pepper: one that is gone would be refused sooner than a password of somebody. */
  const getDummy = async (): Promise<Hashed> => {
    if (dummy === undefined || isOldHash(deps.secrets, await dummy)) {
      dummy = hashSecret(deps.secrets, 'nobody has this password');
    }
    return dummy;
  };

  /**
   * Strangers cannot lock the code, with which the person also logs in at terminals: only who has the password gets
   * here. A right password does not reset its own count before the code is right too.
   */
  const checkCode = async <Opened>(
    person: PersonSummary,
    password: Credential,
    code: string,
    open: Open<Opened>,
  ): Promise<WhyRefused | { readonly opened: Opened }> => {
    const totp = await reserveOne(deps, person, 'totp');
    if (totp === 'absent') return 'not-set-up';
    if (totp === 'locked') return 'locked';
    const seed = tryOpenSeed(deps.secrets, totp.secret, person.id);
    const step = seed === undefined ? undefined : matchTotp(seed, code, deps.now().getTime());
    const passed = await deps.database.transaction(async (tx) => {
      if (step === undefined) return undefined;
      const held = await tryLockPerson(tx, person.id);
      if (held === undefined || whyBarred(held) !== undefined) return undefined;
      if (!((await accept(tx, totp, step)) && (await accept(tx, password, null)))) return undefined;
      return { opened: await open(tx, held) };
    });
    if (passed !== undefined) return passed;
    await noteFailure(deps, person, totp);
    if (seed === undefined) return 'credential-damaged';
    return step === undefined ? 'totp-wrong' : 'code-used';
  };

  const check = async <Opened>(
    person: PersonSummary | null,
    typed: Typed,
    place: Place,
    open: Open<Opened>,
  ): Promise<SignInVerdict<Opened>> => {
    const barred = person ? whyBarred(person) : 'unknown-person';
    const password = person && !barred ? await reserveOne(deps, person, 'password') : 'absent';
    const other = await getDummy();
    const stored = typeof password === 'string' ? other : password.secret;
    const given = normalisePassword(typed.password);
    const verdict = await place.run(() => checkSecret(deps.secrets, stored, given));
    const refuse = (why: WhyRefused): SignInVerdict<Opened> => ({ ok: false, person, why });
    if (!person || barred) return refuse(barred ?? 'unknown-person');
    if (password === 'absent') return refuse('not-set-up');
    if (password === 'locked') return refuse('locked');
    if (verdict !== 'right') {
      await noteFailure(deps, person, password);
      return refuse(verdict === 'damaged' ? 'credential-damaged' : 'password-wrong');
    }
    const passed = await checkCode(person, password, typed.code, open);
    if (typeof passed === 'string') return refuse(passed);
    renewHash(deps, queue, password, given);
    return { ok: true, ...passed };
  };

  return {
    byNumber: (number, typed, place, open) =>
      refuseSlowly(async () => check((await tryFindByNumber(deps.database, number)) ?? null, typed, place, open)),
    ofPerson: (person, typed, place, open) => refuseSlowly(() => check(person, typed, place, open)),
  };
}

export type WhyBarred = 'person-suspended' | 'role-missing';
/** Why this person may not use the console, however they sign in; undefined when they may. */
export const whyBarred = (person: PersonSummary): WhyBarred | undefined => {
  if (person.state !== 'active') return 'person-suspended';
  return mayUseConsole(person.roles) ? undefined : 'role-missing';
};

const reserveOne = (deps: ServerDeps, person: PersonSummary, kind: CredentialKind) =>
  deps.database.transaction(async (tx: Transaction): Promise<Credential | 'locked' | 'absent'> => {
    const reservation = await reserve(tx, deps.now(), deps.policy().tries, { person: person.id, kind });
    return reservation.kind === 'reserved' ? reservation.credential : reservation.kind;
  });

/** The try is counted already; says so in the log when it was the last. */
const noteFailure = (deps: ServerDeps, person: PersonSummary, credential: Credential): Promise<void> =>
  deps.database.transaction(async (tx) => {
    const { tries } = deps.policy();
    if (triesLeft(credential.failures, tries) > 0) return;
    const disabled = credential.failures >= tries.hard;
    if (disabled) await disable(tx, credential.id);
    await record(tx, deps.now(), {
      kind: 'credential.locked',
      outcome: 'serious',
      person: person.id,
      factors: ['password', 'totp'],
      reason: disabled ? 'disabled' : 'locked',
      detail: { failures: credential.failures, where: 'console' },
    });
    await tx.notify('changed', { what: 'people' });
  });
