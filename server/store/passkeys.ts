import type { PasskeySummary } from '#contract/api/people.ts';
import type { PasskeyId, PersonId } from '#contract/ids.ts';
import { createToken, hashToken } from '../tokens.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export interface Passkey {
  readonly id: PasskeyId;
  readonly person: PersonId;
  readonly credentialId: Buffer;
  /** COSE_Key. */
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly synced: boolean;
  readonly transports: readonly string[];
  readonly label: string;
  readonly enrolledAt: Date;
  readonly lastUsedAt: Date | null;
  readonly removedAt: Date | null;
}

const columns = `id, person, credential_id as "credentialId", public_key as "publicKey", counter, synced, transports,
  label, enrolled_at as "enrolledAt", last_used_at as "lastUsedAt", removed_at as "removedAt"`;

export const toPasskeySummary = ({ id, label, synced, enrolledAt, lastUsedAt }: Passkey): PasskeySummary => ({
  id,
  label,
  synced,
  enrolledAt: enrolledAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
});

/** Those in force, oldest first. */
export const listPasskeys = (tx: Transaction, person: PersonId): Promise<Passkey[]> =>
  tx.query<Passkey>(
    `select ${columns} from passkey where person = $1 and removed_at is null order by enrolled_at, id`,
    [person],
  );

/** Also one that was removed. */
export const tryFindPasskey = async (tx: Transaction, credentialId: Buffer): Promise<Passkey | undefined> => {
  const [row] = await tx.query<Passkey>(`select ${columns} from passkey where credential_id = $1`, [credentialId]);
  return row;
};

export type PasskeyToKeep = Pick<
  Passkey,
  'person' | 'credentialId' | 'publicKey' | 'counter' | 'synced' | 'transports' | 'label'
>;

/** Undefined when the authenticator's name for it is known already, whosever it is or was. */
export const tryInsertPasskey = async (
  tx: Transaction,
  now: Date,
  { person, credentialId, publicKey, counter, synced, transports, label }: PasskeyToKeep,
): Promise<Passkey | undefined> => {
  const [row] = await tx.query<Passkey>(
    `insert into passkey (id, person, credential_id, public_key, counter, synced, transports, label, enrolled_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict on constraint passkey_credential_id do nothing returning ${columns}`,
    [createUuid(now), person, credentialId, publicKey, counter, synced, transports, label, now],
  );
  return row;
};

/**
 * A passkey was used: `passkey-removed` when it was removed meanwhile, `counter-back` when its counter is not above the
 * last one (WebAuthn 7.2, 22): somebody has a copy. Authenticators without a counter say 0 for ever.
 */
export const usePasskey = async (
  tx: Transaction,
  now: Date,
  id: PasskeyId,
  counter: number,
): Promise<'used' | 'passkey-removed' | 'counter-back'> => {
  const [row] = await tx.query<{ counter: number }>(
    'select counter from passkey where id = $1 and removed_at is null for update',
    [id],
  );
  if (!row) return 'passkey-removed';
  if (counter <= row.counter && (counter > 0 || row.counter > 0)) return 'counter-back';
  await tx.query('update passkey set counter = $2, last_used_at = $3 where id = $1', [id, counter, now]);
  return 'used';
};

/** Undefined when there is no such passkey of this person in force. */
export const tryRemovePasskey = async (
  tx: Transaction,
  now: Date,
  which: { readonly passkey: PasskeyId; readonly person: PersonId; readonly by: PersonId },
): Promise<Passkey | undefined> => {
  const [row] = await tx.query<Passkey>(
    `update passkey set removed_at = $3, removed_by = $4 where id = $1 and person = $2 and removed_at is null
     returning ${columns}`,
    [which.passkey, which.person, now, which.by],
  );
  return row;
};

/** What a challenge is for, and of whom. */
export type ChallengeFor =
  | { readonly purpose: 'sign-in' }
  | { readonly purpose: 'proof' | 'enrolment'; readonly person: PersonId; readonly session: string };

/** Time between a challenge and its answer: some minutes, for whoever needs them (WebAuthn 15.1). */
export const challengeMilliseconds = 5 * 60_000;

/** 32 random bytes in base64url. A session has one challenge for each purpose: a new one takes the place of the last. */
export const insertChallenge = async (tx: Transaction, now: Date, about: ChallengeFor): Promise<string> => {
  const challenge = createToken();
  const [person, session] = about.purpose === 'sign-in' ? [null, null] : [about.person, about.session];
  if (session !== null) {
    await tx.query('delete from passkey_challenge where session = $1 and purpose = $2', [session, about.purpose]);
  }
  await tx.query(
    `insert into passkey_challenge (challenge_hash, purpose, person, session, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [hashToken(challenge), about.purpose, person, session, now, new Date(now.getTime() + challengeMilliseconds)],
  );
  return challenge;
};

/** Takes a challenge away, whatever it is good for; then says whether it was made for this. */
export const takeChallenge = async (
  tx: Transaction,
  now: Date,
  challenge: string,
  about: ChallengeFor,
): Promise<'fits' | 'unknown' | 'expired' | 'foreign'> => {
  const [row] = await tx.query<{ purpose: string; person: string | null; session: string | null; expiresAt: Date }>(
    `delete from passkey_challenge where challenge_hash = $1
     returning purpose, person, session, expires_at as "expiresAt"`,
    [hashToken(challenge)],
  );
  if (!row) return 'unknown';
  const [person, session] = about.purpose === 'sign-in' ? [null, null] : [about.person, about.session];
  if (row.purpose !== about.purpose || row.person !== person || row.session !== session) return 'foreign';
  return row.expiresAt > now ? 'fits' : 'expired';
};

/** How long one that is too old is still told from one that was answered. */
const keptMilliseconds = 10 * 60_000;

export const forgetChallenges = async (tx: Transaction, now: Date): Promise<void> => {
  await tx.query('delete from passkey_challenge where expires_at <= $1', [new Date(now.getTime() - keptMilliseconds)]);
};
