import type { Proof } from '#contract/api/passkeys.ts';
import type { Factor } from '#contract/audit.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { ProvenCall } from '#contract/event-details.ts';
import type { ServerDeps } from '../deps.ts';
import type { HashQueue } from '../hash-queue.ts';
import { outcomeOfRefusal, type SignIn, type Typed } from '../sign-in.ts';
import { consoleCookie, getConsoleSession, listOpenConsoleSessions, renewToken } from '../store/console.ts';
import type { Transaction } from '../store/database.ts';
import { record } from '../store/events.ts';
import { tryGetPerson, tryLockPerson } from '../store/people.ts';
import type { ConsoleSender, Reply } from './handlers.ts';
import { by } from './refusing.ts';

/** How long a use of a passkey counts as proof. */
const proofMilliseconds = 5 * 60_000;

/** Until when the last use of a passkey in this session counts as proof; null when it does not. */
export const provenUntil = (usedAt: Date | null, now: Date): Date | null => {
  const until = usedAt && new Date(usedAt.getTime() + proofMilliseconds);
  return until && until > now ? until : null;
};

/** Whoever has the old cookie has no share in what this proof opens. */
export const renewCookie = async (tx: Transaction, sender: ConsoleSender, reply: Reply): Promise<void> => {
  reply.setCookie(consoleCookie.name, await renewToken(tx, sender.session), consoleCookie.options);
};

/** Whether somebody is still signed in, in the transaction that acts on it. Their person is held until it ends. */
export const holdSignedIn = async (
  { now, policy }: Pick<ServerDeps, 'now' | 'policy'>,
  tx: Transaction,
  { person, session }: ConsoleSender,
): Promise<boolean> => {
  await tryLockPerson(tx, person);
  return (await listOpenConsoleSessions(tx, now(), policy().console, [session])).has(session);
};

/** Whether what was proved a moment ago still counts: a factor that was taken away meanwhile makes nothing new. */
export const holdProven = async (
  deps: Pick<ServerDeps, 'now' | 'policy'>,
  tx: Transaction,
  given: Proof,
  sender: ConsoleSender,
): Promise<boolean> => {
  if (!(await holdSignedIn(deps, tx, sender))) return false;
  if (given.kind === 'secrets') return true;
  const { passkeyUsedAt } = await getConsoleSession(tx, sender.session);
  return provenUntil(passkeyUsedAt, deps.now()) !== null;
};

/** What a proof is wanted for: the name of the call. */
export type Prove = (
  given: Proof,
  sender: ConsoleSender,
  reply: Reply,
  call: ProvenCall,
) => Promise<Result<null, 'CONSOLE_PROOF_REFUSED' | 'SERVER_BUSY'>>;

/** Lets somebody who is signed in prove anew who they are, before they change how they sign in. */
export const createProving = (deps: ServerDeps, signIn: SignIn, queue: HashQueue): Prove => {
  const bySecrets = async (typed: Typed, sender: ConsoleSender, reply: Reply, call: ProvenCall) => {
    const place = queue.tryEnter();
    if (!place) return fail('SERVER_BUSY', { retryAfterSeconds: 2 });
    try {
      const person = await tryGetPerson(deps.database, sender.person);
      if (!person) throw new Error('a console session of nobody');
      const factors: Factor[] = ['password', 'totp'];
      const facts = { ...by(sender, person.id), factors, detail: { address: sender.address, call } };
      const verdict = await signIn.ofPerson(person, typed, place, async (tx) => {
        await record(tx, deps.now(), { ...facts, kind: 'console.proof-accepted', outcome: 'success' });
        await renewCookie(tx, sender, reply);
      });
      if (verdict.ok) return succeed(null);
      const { why } = verdict;
      const refused = { kind: 'console.proof-refused', outcome: outcomeOfRefusal(why), reason: why } as const;
      await deps.database.transaction((tx) => record(tx, deps.now(), { ...facts, ...refused }));
      return fail('CONSOLE_PROOF_REFUSED');
    } finally {
      place.leave();
    }
  };

  const byPasskey = async (sender: ConsoleSender, call: ProvenCall) => {
    const now = deps.now();
    const { passkeyUsedAt } = await getConsoleSession(deps.database, sender.session);
    if (provenUntil(passkeyUsedAt, now)) return succeed(null);
    await deps.database.transaction((tx) =>
      record(tx, now, {
        ...by(sender, sender.person),
        kind: 'console.proof-refused',
        outcome: 'minor',
        factors: ['passkey'],
        reason: 'passkey-not-used',
        detail: { address: sender.address, call },
      }),
    );
    return fail('CONSOLE_PROOF_REFUSED');
  };

  return (given, sender, reply, call) =>
    given.kind === 'secrets' ? bySecrets(given, sender, reply, call) : byPasskey(sender, call);
};
