import type { PersonId } from '#contract/ids.ts';
import { makeTotpSeed, sealSeed } from '../credentials.ts';
import type { Secrets } from '../secrets.ts';
import { createToken, hashToken } from '../tokens.ts';
import type { Database, Transaction } from './database.ts';
import { hasAdmin } from './people.ts';

export interface Invitation {
  readonly codeHash: Buffer;
  /** Null: the first admin. */
  readonly person: PersonId | null;
  readonly seed: unknown;
}

const invitationMilliseconds = 24 * 3_600_000;
/** Wrong codes from the authenticator after which the invitation is dead. */
const invitationTries = 10;

/** A new invitation takes the place of an older one for the same person. */
export const insertInvitation = async (
  tx: Transaction,
  secrets: Secrets,
  now: Date,
  about: { readonly person: PersonId | null; readonly by: PersonId | null },
): Promise<{ readonly code: string; readonly expiresAt: Date }> => {
  const code = createToken();
  const codeHash = hashToken(code);
  const expiresAt = new Date(now.getTime() + invitationMilliseconds);
  await tx.query('delete from invitation where person is not distinct from $1 and used_at is null', [about.person]);
  await tx.query(
    `insert into invitation (code_hash, person, seed, created_at, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      codeHash,
      about.person,
      JSON.stringify(sealSeed(secrets, makeTotpSeed(), ownerOf(codeHash))),
      now,
      about.by,
      expiresAt,
    ],
  );
  return { code, expiresAt };
};

/** To whom the seed of an invitation is sealed, until it is accepted. */
export const ownerOf = (codeHash: Buffer): string => `invitation:${codeHash.toString('hex')}`;

/** Held until the transaction ends, after its person: whoever takes an invitation back holds them first. */
export const tryLockInvitation = async (
  tx: Transaction,
  now: Date,
  codeHash: Buffer,
): Promise<Invitation | undefined> => {
  const open = `code_hash = $1 and used_at is null and expires_at > $2 and failures < ${invitationTries}`;
  const values = [codeHash, now];
  const person = `select person from invitation where ${open}`;
  await tx.query(`select 1 from person where id = (${person}) for no key update`, values);
  const [row] = await tx.query<Invitation>(
    `select code_hash as "codeHash", person, seed from invitation where ${open} for update`,
    values,
  );
  return row;
};

export const closeInvitation = async (tx: Transaction, now: Date, codeHash: Buffer): Promise<void> => {
  await tx.query('update invitation set used_at = $2 where code_hash = $1', [codeHash, now]);
};

export const countInvitationFailure = async (tx: Transaction, codeHash: Buffer): Promise<void> => {
  await tx.query('update invitation set failures = failures + 1 where code_hash = $1', [codeHash]);
};

/** Nothing that is open for this person sets password and authenticator anew. */
export const dropInvitations = async (tx: Transaction, person: PersonId): Promise<void> => {
  await tx.query('delete from invitation where person = $1 and used_at is null', [person]);
};

/** The one-time code of the first admin, in the place of an older one; null when there is an admin. */
export const createFirstAdminInvitation = (database: Database, secrets: Secrets, now: Date): Promise<string | null> =>
  database.transaction(async (tx) => {
    if (await hasAdmin(tx)) return null;
    return (await insertInvitation(tx, secrets, now, { person: null, by: null })).code;
  });
