import type { Call } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { Factor } from '#contract/audit.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { checkPassword } from '#core/policy/password.ts';
import { cleanText } from '#core/policy/text.ts';
import { type Hashed, hashSecret, matchTotp, sealSeed, totpUri, tryOpenSeed } from '../credentials.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue } from '../hash-queue.ts';
import { createLimit } from '../limit.ts';
import { endConsoleSessionsOf } from '../store/console.ts';
import { setSecret } from '../store/credentials.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import {
  closeInvitation,
  countInvitationFailure,
  type Invitation,
  ownerOf,
  tryLockInvitation,
} from '../store/invitations.ts';
import { hasAdmin, tryInsertPerson, tryLockPerson } from '../store/people.ts';
import { hashToken } from '../tokens.ts';
import { enter } from './entering.ts';
import type { Handlers } from './handlers.ts';

const firstRoles: Role[] = ['admin', 'helpdesk', 'auditor', 'operator'];
/** How the authenticator app names the entry of somebody who has no name yet. */
const nameless = { number: '1', name: 'admin' };

type Given = Call<'console/accept-invitation'>['body'];

/** One-time links: a person sets their own password and authenticator. */
export const createInvitationRoutes = (deps: ServerDeps, queue: HashQueue) => {
  const refusals = createLimit({ tries: 60, everyMs: 60_000 });
  const mayLook = (address: string): boolean => refusals.tryTake(address, deps.now());
  const counted = <Answered extends Result<unknown>>(answered: Answered, address: string): Answered => {
    if (answered.ok || answered.failure.code !== 'ENROLMENT_REFUSED') refusals.putBack(address, deps.now());
    return answered;
  };
  return {
    'console/open-invitation': async ({ body }, { address }) => {
      if (!mayLook(address)) return fail('SERVER_BUSY', { retryAfterSeconds: 2 });
      const found = counted(await deps.database.transaction((tx) => look(deps, tx, body.code, address)), address);
      if (!found.ok) return found;
      const { person, seed } = found.value;
      return succeed({ person, uri: totpUri(seed, person ?? nameless) });
    },

    'console/accept-invitation': async ({ body }, from, reply) => {
      const { address } = from;
      const place = refusals.allows(address, deps.now()) ? queue.tryEnter() : undefined;
      if (!place || !mayLook(address)) {
        place?.leave();
        return fail('SERVER_BUSY', { retryAfterSeconds: 2 });
      }
      try {
        const judged = counted(await deps.database.transaction((tx) => judge(deps, tx, body, address)), address);
        if (!judged.ok) return judged;
        const secret = await place.run(() => hashSecret(deps.secrets, judged.value.password));
        return await deps.database.transaction(async (tx) => {
          const again = await judge(deps, tx, body, address);
          if (!again.ok) return again;
          const person = await settle(deps, tx, again.value, body, secret);
          if (!person) return fail('PERSON_NUMBER_TAKEN');
          const factors: Factor[] = ['password', 'totp'];
          return succeed(await enter(deps, tx, deps.now(), reply, { person, factors, at: null, from }));
        });
      } finally {
        place.leave();
      }
    },
  } satisfies Partial<Handlers>;
};

interface Looked {
  readonly invitation: Invitation;
  readonly person: PersonSummary | null;
  readonly seed: string;
}

async function look(
  deps: ServerDeps,
  tx: Transaction,
  code: string,
  address: string,
): Promise<Result<Looked, 'ENROLMENT_REFUSED'>> {
  const now = deps.now();
  const codeHash = hashToken(code);
  const invitation = await tryLockInvitation(tx, now, codeHash);
  const person = invitation?.person ? ((await tryLockPerson(tx, invitation.person)) ?? null) : null;
  const seed = invitation && tryOpenSeed(deps.secrets, invitation.seed, ownerOf(codeHash));
  const stale = invitation?.person ? person?.state !== 'active' : await hasAdmin(tx);
  if (!invitation || seed === undefined || stale) {
    await record(tx, now, {
      kind: 'console.sign-in-refused',
      outcome: 'serious',
      person: person?.id ?? null,
      factors: ['one-time-code'],
      reason: invitation ? 'invitation-void' : 'invitation-unknown',
      detail: { address },
    });
    return fail('ENROLMENT_REFUSED');
  }
  return succeed({ invitation, person, seed });
}

interface Judged extends Looked {
  readonly password: string;
  readonly step: number;
}

async function judge(
  deps: ServerDeps,
  tx: Transaction,
  given: Given,
  address: string,
): Promise<Result<Judged, 'ENROLMENT_REFUSED' | 'PASSWORD_WEAK' | 'TOTP_WRONG'>> {
  const looked = await look(deps, tx, given.code, address);
  if (!looked.ok) return looked;
  const { person, seed, invitation } = looked.value;
  if (!person && !(given.number && given.name)) return fail('ENROLMENT_REFUSED');
  const { number = '', name = '', kana = '' } = person ?? given;
  const verdict = checkPassword(given.password, [number, name, kana]);
  if (!verdict.ok) return fail('PASSWORD_WEAK');
  const step = matchTotp(seed, given.totp, deps.now().getTime());
  if (step !== undefined) return succeed({ ...looked.value, password: verdict.password, step });
  await countInvitationFailure(tx, invitation.codeHash);
  await record(tx, deps.now(), {
    kind: 'totp.refused',
    outcome: 'minor',
    person: person?.id ?? null,
    factors: ['one-time-code'],
    reason: 'wrong',
  });
  return fail('TOTP_WRONG');
}

/** Undefined when the first admin's number is taken. */
async function settle(
  deps: ServerDeps,
  tx: Transaction,
  { invitation, person: invited, seed, step }: Judged,
  given: Given,
  password: Hashed,
): Promise<PersonSummary | undefined> {
  const now = deps.now();
  const { number = '', name = '', kana = '' } = given;
  const person =
    invited ??
    (await tryInsertPerson(tx, now, {
      number: cleanText(number),
      name: cleanText(name),
      kana: cleanText(kana),
      roles: firstRoles,
    }));
  if (!person) return undefined;
  const facts = { person: person.id, actor: person.id, outcome: 'success' } as const;
  if (!invited) {
    const detail = { number: person.number, roles: person.roles.join(' ') };
    await record(tx, now, {
      ...facts,
      factors: ['one-time-code'],
      kind: 'person.added',
      reason: 'first-admin',
      detail,
    });
  }
  await closeInvitation(tx, now, invitation.codeHash);
  await endConsoleSessionsOf(tx, now, person.id);
  await setSecret(tx, now, { person: person.id, kind: 'totp', secret: sealSeed(deps.secrets, seed, person.id), step });
  await setSecret(tx, now, { person: person.id, kind: 'password', secret: password, step: null });
  await record(tx, now, { ...facts, factors: ['one-time-code'], kind: 'password.set' });
  await record(tx, now, { ...facts, factors: ['one-time-code'], kind: 'totp.enrolled' });
  return person;
}
