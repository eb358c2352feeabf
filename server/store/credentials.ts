import type { CredentialId, PersonId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { type KnownFactor, usableFactors } from '#core/policy/factors.ts';
import { reserveTry, type Tries } from '#core/policy/tries.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export type CredentialKind = KnownFactor['kind'];

/** A credential that is in force. */
export interface Credential extends KnownFactor {
  readonly id: CredentialId;
  readonly person: PersonId;
  /** As stored: a hash or a sealed seed, not trusted to be whole. */
  readonly secret: unknown;
  readonly lastStep: number | null;
  readonly setAt: Date;
}

interface CredentialRow {
  readonly id: CredentialId;
  readonly person: PersonId;
  readonly kind: CredentialKind;
  readonly state: 'active' | 'locked' | 'disabled';
  readonly secret: unknown;
  readonly last_step: number | null;
  readonly failures: number;
  readonly locked_until: Date | null;
  readonly set_at: Date;
}

const columns = 'id, person, kind, state, secret, last_step, failures, locked_until, set_at';

const toCredential = (row: CredentialRow): Credential => ({
  id: row.id,
  person: row.person,
  kind: row.kind,
  disabled: row.state !== 'active',
  secret: row.secret,
  lastStep: row.last_step,
  failures: row.failures,
  lockedUntil: row.locked_until?.getTime() ?? null,
  setAt: row.set_at,
});

export const listCredentials = async (tx: Transaction, person: PersonId): Promise<Credential[]> =>
  (
    await tx.query<CredentialRow>(
      `select ${columns} from credential where person = $1 and set_at is not null order by kind`,
      [person],
    )
  ).map(toCredential);

export const listUsableFactors = async (tx: Transaction, person: PersonId, rules: Policy['tries'], now: Date) =>
  usableFactors(await listCredentials(tx, person), rules, now.getTime());

export type Reservation =
  | { readonly kind: 'reserved'; readonly credential: Credential }
  | { readonly kind: 'locked' }
  | { readonly kind: 'absent' };

/** Held until the transaction ends. */
export const tryLockFactor = async (
  tx: Transaction,
  person: PersonId,
  kind: CredentialKind,
): Promise<Credential | undefined> => {
  const [row] = await tx.query<CredentialRow>(
    `select ${columns} from credential where person = $1 and kind = $2 and set_at is not null for update`,
    [person, kind],
  );
  return row && toCredential(row);
};

/** Held until the transaction ends. Whoever holds an attempt too holds the factor first, as a conclusion does. */
export const holdFactor = async (tx: Transaction, id: string): Promise<void> => {
  await tx.query('select 1 from credential where id = $1 for no key update', [id], 'hold-factor');
};

/** SQL: whether a factor of a person was taken away or replaced, by an order, since then. */
export const isFactorTaken = (person: string, since: string): string =>
  `exists (select 1 from revocation r
     where (r.person = ${person} or r.subject = ${person}) and r.what = 'credential' and r.at >= ${since})`;

export const wasFactorTaken = async (tx: Transaction, person: PersonId, since: Date): Promise<boolean> => {
  const [row] = await tx.query<{ taken: boolean }>(`select ${isFactorTaken('$1', '$2')} as taken`, [person, since]);
  return row?.taken === true;
};

/** Whether these factors are in force and what they were then. They stay so until the transaction ends. */
export const holdShown = async (
  tx: Transaction,
  person: PersonId,
  kinds: readonly AskedFactor[],
  shownAt: Date,
): Promise<boolean> => {
  const rows = await tx.query(
    `select 1 from credential where person = $1 and kind = any($2) and state = 'active' and set_at <= $3
      order by id for share`,
    [person, kinds, shownAt],
  );
  return rows.length === kinds.length;
};

/** Whoever calls holds the factor. */
export const setTries = async (
  tx: Transaction,
  id: CredentialId,
  { failures, lockedUntil }: Pick<Tries, 'failures' | 'lockedUntil'>,
): Promise<void> => {
  await tx.query('update credential set failures = $2, locked_until = $3 where id = $1', [
    id,
    failures,
    lockedUntil === null ? null : new Date(lockedUntil),
  ]);
};

/** Counts a try before its secret is looked at. However many come at once, each sees the count of the one before. */
export const reserve = async (
  tx: Transaction,
  now: Date,
  rules: Policy['tries'],
  which: { readonly person: PersonId; readonly kind: CredentialKind },
): Promise<Reservation> => {
  const credential = await tryLockFactor(tx, which.person, which.kind);
  if (!credential) return { kind: 'absent' };
  const next = reserveTry(credential, rules, now.getTime());
  if (!next) return { kind: 'locked' };
  await setTries(tx, credential.id, next);
  return { kind: 'reserved', credential: { ...credential, failures: next.failures, lockedUntil: next.lockedUntil } };
};

/**
 * A secret was right: ends the count. False when another was set meanwhile (the same one may have been hashed or sealed
 * under a newer key), or when `step` (TOTP) is not above the last
 * accepted one; two at once cannot both pass.
 */
export const accept = async (tx: Transaction, credential: Credential, step: number | null): Promise<boolean> => {
  const rows = await tx.query(
    `update credential set failures = 0, locked_until = null, counted_mark = null, last_step = coalesce($3::bigint, last_step)
      where id = $1 and state = 'active' and date_trunc('milliseconds', set_at) = $2
        and ($3::bigint is null or last_step is null or last_step < $3::bigint)
      returning id`,
    [credential.id, credential.setAt, step],
  );
  return rows.length === 1;
};

/** A single-use secret with which a person chooses their first PIN; an earlier one is dead. */
export const setInitialSecret = async (
  tx: Transaction,
  now: Date,
  toSet: { readonly person: PersonId; readonly secret: object; readonly expiresAt: Date },
): Promise<void> => {
  await setSecret(tx, now, { person: toSet.person, kind: 'initial', secret: toSet.secret, step: null });
  await tx.query(`update credential set expires_at = $2 where person = $1 and kind = 'initial'`, [
    toSet.person,
    toSet.expiresAt,
  ]);
};

/** Uses it up. False when it was used before. */
export const dropInitialSecret = async (tx: Transaction, person: PersonId): Promise<boolean> => {
  const rows = await tx.query(`delete from credential where person = $1 and kind = 'initial' returning id`, [person]);
  return rows.length === 1;
};

/** A hash as it was read, and where. */
export interface StoredHash {
  readonly id: string;
  readonly secret: unknown;
}

/** The same secret hashed anew; nothing is done when it was changed meanwhile. */
export const replaceHash = async (tx: Transaction, stored: StoredHash, hashed: object): Promise<void> => {
  await tx.query('update credential set secret = $3 where id = $1 and secret = $2::jsonb', [
    stored.id,
    JSON.stringify(stored.secret),
    JSON.stringify(hashed),
  ]);
};

/** Too many wrong tries in all: until it is set anew. */
export const disable = async (tx: Transaction, id: CredentialId): Promise<void> => {
  await tx.query(`update credential set state = 'disabled' where id = $1`, [id]);
};

/** Until it is set anew. Undefined when there is none in force. */
export const tryDisableFactor = async (
  tx: Transaction,
  person: PersonId,
  kind: CredentialKind,
): Promise<CredentialId | undefined> => {
  const [row] = await tx.query<{ id: CredentialId }>(
    `update credential set state = 'disabled'
      where person = $1 and kind = $2 and set_at is not null and state <> 'disabled' returning id`,
    [person, kind],
  );
  return row?.id;
};

/** Whether there ever was one: one that wrong tries disabled too. */
export const isSet = async (tx: Transaction, person: PersonId, kind: CredentialKind): Promise<boolean> => {
  const rows = await tx.query('select 1 from credential where person = $1 and kind = $2 and set_at is not null', [
    person,
    kind,
  ]);
  return rows.length > 0;
};

/** Whose it is; a person themself where their PIN is meant. */
export const tryFindOwner = async (tx: Transaction, id: CredentialId | PersonId): Promise<PersonId | undefined> => {
  const [row] = await tx.query<{ person: PersonId }>(
    `select person from credential where id = $1 or (person = $1 and kind = 'pin')`,
    [id],
  );
  return row?.person;
};

/** This one, or the PIN of this person, where it was set before then. Undefined when it is out of force already. */
export const tryDisableCredential = async (
  tx: Transaction,
  id: CredentialId | PersonId,
  setBefore: Date,
): Promise<{ credential: CredentialId; person: PersonId; kind: CredentialKind } | undefined> => {
  const [row] = await tx.query<{ credential: CredentialId; person: PersonId; kind: CredentialKind }>(
    `update credential set state = 'disabled'
      where (id = $1 or (person = $1 and kind = 'pin')) and set_at <= $2 and state <> 'disabled'
     returning id as credential, person, kind`,
    [id, setBefore],
  );
  return row;
};

/** Puts a new secret in force and ends the old one, its counts and its lock. */
export const setSecret = async (
  tx: Transaction,
  now: Date,
  toSet: {
    readonly person: PersonId;
    readonly kind: CredentialKind;
    readonly secret: object;
    readonly step: number | null;
  },
): Promise<void> => {
  await tx.query(
    `insert into credential (id, person, kind, secret, last_step, set_at) values ($1, $2, $3, $4, $5, $6)
     on conflict on constraint credential_person_kind do update
       set secret = excluded.secret, last_step = excluded.last_step, set_at = excluded.set_at, state = 'active',
           failures = 0, locked_until = null, counted_mark = null, pending = null, pending_until = null`,
    [createUuid(now), toSet.person, toSet.kind, JSON.stringify(toSet.secret), toSet.step, now],
  );
};

/** Keeps a TOTP seed until its first code; the one in force stays so. */
export const setPendingSeed = async (
  tx: Transaction,
  now: Date,
  toSet: { readonly person: PersonId; readonly sealed: object; readonly until: Date },
): Promise<void> => {
  await tx.query(
    `insert into credential (id, person, kind, pending, pending_until) values ($1, $2, 'totp', $3, $4)
     on conflict on constraint credential_person_kind do update
       set pending = excluded.pending, pending_until = excluded.pending_until`,
    [createUuid(now), toSet.person, JSON.stringify(toSet.sealed), toSet.until],
  );
};

/** Whoever calls holds the person. */
export const dropPendingSeed = async (tx: Transaction, person: PersonId): Promise<void> => {
  await tx.query(
    `update credential set pending = null, pending_until = null
      where person = $1 and kind = 'totp' and pending is not null`,
    [person],
  );
};

/** The waiting seed as stored, held until the transaction ends. */
export const tryLockPendingSeed = async (tx: Transaction, now: Date, person: PersonId): Promise<unknown> => {
  const [row] = await tx.query<{ pending: unknown }>(
    `select pending from credential where person = $1 and kind = 'totp' and pending_until > $2 for update`,
    [person, now],
  );
  return row?.pending ?? undefined;
};

/**
 * Lifts locks after wrong tries; what is disabled stays so. The count goes on, so that lifting does not stretch the limit
 * of wrong tries in a row. Rows are taken in the order in which a sign-in takes them.
 */
export const liftLocks = async (tx: Transaction, person: PersonId): Promise<void> => {
  await tx.query(`select 1 from credential where person = $1 order by kind desc for update`, [person]);
  await tx.query(
    `update credential set locked_until = null where person = $1 and state = 'active' and set_at is not null`,
    [person],
  );
};
