import type { TerminalSummary } from '#contract/api/terminals.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

/** How long a one-time code may be used (milliseconds). */
export const codeLifetime = 24 * 60 * 60 * 1000;

/** A terminal is online while the process that holds its stream was seen within this time; three beats. */
export const onlineFor = 15_000;

/** When a terminal was last seen: while its stream is open, when the process that holds it was. */
export const seenAt = 'greatest(terminal.last_seen_at, server_process.seen_at)';
export const joinProcess =
  'left join server_process on server_process.id = terminal.connected_to and terminal.connected_at is not null';

interface Presence {
  readonly connected_at: Date | null;
  readonly last_seen_at: Date | null;
}

/** Whether a server process holds its stream and was itself seen lately. */
export const isFresh = (row: Presence, now: Date): boolean =>
  row.connected_at !== null && row.last_seen_at !== null && now.getTime() - row.last_seen_at.getTime() < onlineFor;

/** SHA-256 of a terminal's newest key and of the one before, until the newest was first used. */
export interface OwnKeys {
  readonly newestKey: Buffer | null;
  readonly previousKey: Buffer | null;
}

/** A terminal that this server talks to. */
export interface AdmittedTerminal extends OwnKeys {
  readonly name: string;
  /** Out of use for now. */
  readonly disabled: boolean;
}

/** SQL: those that this server talks to. */
export const isAdmitted = "terminal.state in ('active', 'disabled')";

/** `undefined` when the terminal is unknown, not yet enrolled, or revoked. */
export const tryGetAdmitted = async (tx: Transaction, id: TerminalId): Promise<AdmittedTerminal | undefined> =>
  (await findAdmitted(tx, [id])).get(id);

/** Of these terminals, those that this server talks to. */
export const findAdmitted = async (
  tx: Transaction,
  ids: readonly TerminalId[],
): Promise<ReadonlyMap<TerminalId, AdmittedTerminal>> => {
  const rows = await tx.query<AdmittedTerminal & { readonly id: TerminalId }>(
    `select id, name, certificate_key as "newestKey", previous_key as "previousKey", state = 'disabled' as disabled
       from terminal where id = any($1) and ${isAdmitted}`,
    [ids],
    'find-admitted',
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
};

/** Whether a key, by its SHA-256, is one of the terminal's own. Any is where it has not been written down yet. */
export const isOwnKey = ({ newestKey, previousKey }: OwnKeys, key: Buffer): boolean =>
  newestKey === null || newestKey.equals(key) || previousKey?.equals(key) === true;

/** Whether it is in use. Held until the transaction ends, against its revocation meanwhile. */
export const tryLockActive = async (tx: Transaction, id: TerminalId): Promise<boolean> =>
  (await tx.query("select 1 from terminal where id = $1 and state = 'active' for share", [id])).length === 1;

export const isOnline = async (tx: Transaction, id: TerminalId, now: Date): Promise<boolean> => {
  const [row] = await tx.query<Presence>(
    `select connected_at, ${seenAt} as last_seen_at from terminal ${joinProcess} where terminal.id = $1 and terminal.state = 'active'`,
    [id],
  );
  return row !== undefined && isFresh(row, now);
};

export interface Announcement {
  readonly id: TerminalId;
  readonly name: string;
  readonly place: string;
  readonly group: string;
  readonly codeHash: Buffer;
  readonly expiresAt: Date;
  readonly by: PersonId | null;
}

/** Throws the database's error (constraint `terminal_name`) when another terminal has the name. */
export const announce = async (tx: Transaction, now: Date, toAnnounce: Announcement): Promise<void> => {
  const { id, name, place, group, codeHash, expiresAt, by } = toAnnounce;
  // A name that was announced and never enrolled before its code ended is free again.
  await tx.query(
    `update terminal set state = 'revoked', revoked_at = $2
     where name = $1 and state = 'announced'
       and not exists (select 1 from enrolment_code where terminal = terminal.id and expires_at > $2)`,
    [name, now],
  );
  await tx.query(
    `insert into terminal (id, name, place, group_name, state, announced_at, announced_by)
     values ($1, $2, $3, $4, 'announced', $5, $6)`,
    [id, name, place, group, now, by],
  );
  await tx.query(
    'insert into enrolment_code (code_hash, terminal, created_at, created_by, expires_at) values ($1, $2, $3, $4, $5)',
    [codeHash, id, now, by, expiresAt],
  );
};

/** Whether a terminal of this name has ever been enrolled. */
export const isKnownByName = async (tx: Transaction, name: string): Promise<boolean> =>
  (await tx.query('select 1 from terminal where name = $1 and enrolled_at is not null limit 1', [name])).length > 0;

/** Takes back what was announced under this name and never enrolled, with its code. */
export const dropUnused = async (tx: Transaction, now: Date, name: string): Promise<void> => {
  await tx.query(`update terminal set state = 'revoked', revoked_at = $2 where name = $1 and state = 'announced'`, [
    name,
    now,
  ]);
};

/** Uses a code up. `undefined` when it is unknown, used or too old. */
export const useEnrolmentCode = async (
  tx: Transaction,
  now: Date,
  codeHash: Buffer,
): Promise<{ terminal: TerminalId; name: string } | undefined> => {
  const [row] = await tx.query<{ terminal: TerminalId; name: string }>(
    `update enrolment_code set used_at = $2
     from terminal
     where code_hash = $1 and used_at is null and expires_at > $2
       and terminal.id = enrolment_code.terminal and terminal.state = 'announced'
     returning terminal.id as terminal, terminal.name`,
    [codeHash, now],
  );
  return row;
};

export interface Held {
  readonly serial: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** Number of the authority that signed it. */
  readonly authority: number;
  /** SHA-256 of its public key. */
  readonly key: Buffer;
}

export interface ToAdmit {
  /** One that is disabled stays so. */
  readonly from: 'announced' | 'admitted';
  readonly held: Held;
  /** The key by which it asked, which stays good until the new one is first used. */
  readonly previousKey: Buffer | null;
}

/**
 * Notes what a terminal holds. False when it is not in state `from` any more, since it was revoked meanwhile and stays so,
 * or when the key by which it asked is not its own any more.
 */
export const admit = async (
  tx: Transaction,
  now: Date,
  id: TerminalId,
  { from, held, previousKey }: ToAdmit,
): Promise<boolean> => {
  const rows = await tx.query(
    `update terminal set state = case state when 'announced' then 'active' else state end, enrolled_at = coalesce(enrolled_at, $2), last_seen_at = $2, certificate_serial = $3,
            certificate_expires_at = $4, certificate_authority = $6, certificate_key = $7, previous_key = $8,
            certificate_issued_at = $9
     where id = $1 and case $5::text when 'announced' then state = 'announced' else ${isAdmitted} end
       and ($8::bytea is null or certificate_key is null or certificate_key = $8 or previous_key = $8)
     returning id`,
    [id, now, held.serial, held.expiresAt, from, held.authority, held.key, previousKey, held.issuedAt],
  );
  return rows.length === 1;
};

/**
 * Notes a certificate that this server's authority issued and this database does not know, since it was put back to an
 * earlier state afterwards: later than the newest one that it knows of the terminal, and before it was put back. No
 * key that was replaced before the backup comes back by this: its certificate is an earlier one.
 */
export const tryTakeReturned = async (tx: Transaction, id: TerminalId, held: Held): Promise<boolean> => {
  const rows = await tx.query(
    `update terminal set certificate_serial = $2, certificate_issued_at = $3, certificate_expires_at = $4,
            certificate_authority = $5, certificate_key = $6, previous_key = null
     where id = $1 and ${isAdmitted} and certificate_issued_at < $3
       and exists (select from server_incarnation where number > 1 and began_at > $3)
     returning id`,
    [id, held.serial, held.issuedAt, held.expiresAt, held.authority, held.key],
  );
  return rows.length === 1;
};

/** Undefined when there is no such terminal; throws the database's error (constraint `terminal_name`) when another has the name. */
export const tryChangeTerminal = async (
  tx: Transaction,
  id: TerminalId,
  to: Pick<TerminalSummary, 'name' | 'place' | 'group'>,
): Promise<Pick<TerminalSummary, 'name' | 'place' | 'group'> | undefined> => {
  const [before] = await tx.query<{ name: string; place: string; group: string }>(
    `select name, place, group_name as "group" from terminal where id = $1 and state <> 'revoked' for no key update`,
    [id],
  );
  if (before === undefined) return undefined;
  await tx.query('update terminal set name = $2, place = $3, group_name = $4 where id = $1', [
    id,
    to.name,
    to.place,
    to.group,
  ]);
  return before;
};

/** The terminal keeps this version of what it trusts its server by. */
export const keepTrust = async (tx: Transaction, id: TerminalId, version: string): Promise<void> => {
  await tx.query('update terminal set trust_version = $2 where id = $1', [id, version]);
};

/** False when there is no such terminal in use. */
export const disable = async (
  tx: Transaction,
  now: Date,
  id: TerminalId,
  { by, reason }: { readonly by: PersonId | null; readonly reason: string },
): Promise<boolean> => {
  const rows = await tx.query(
    `update terminal set state = 'disabled', disabled_at = $2, disabled_by = $3, disabled_reason = $4
      where id = $1 and state = 'active' returning id`,
    [id, now, by, reason],
  );
  return rows.length === 1;
};

/** False when there is no such terminal that is disabled. */
export const enable = async (tx: Transaction, id: TerminalId): Promise<boolean> => {
  const rows = await tx.query(
    `update terminal set state = 'active', disabled_at = null, disabled_by = null, disabled_reason = null
      where id = $1 and state = 'disabled' returning id`,
    [id],
  );
  return rows.length === 1;
};

/** False when there is no such terminal or it was revoked before. */
export const revoke = async (tx: Transaction, now: Date, id: TerminalId): Promise<boolean> => {
  const rows = await tx.query(
    "update terminal set state = 'revoked', revoked_at = $2 where id = $1 and state <> 'revoked' returning id",
    [id, now],
  );
  return rows.length === 1;
};

/** Ends what is open at a terminal. Answers the sessions that ended. */
export const endSessionsAt = async (
  tx: Transaction,
  now: Date,
  id: TerminalId,
  reason: string,
): Promise<{ id: string; person: PersonId; card: string; attempt: string }[]> => {
  await tx.query("update attempt set state = 'abandoned', ended_at = $2 where terminal = $1 and state = 'open'", [
    id,
    now,
  ]);
  await tx.query(
    `update ceremony set state = 'cancelled', ended_at = $2 where terminal = $1 and state in ('waiting', 'card-held')`,
    [id, now],
  );
  await tx.query('update console_session set ended_at = $2 where terminal = $1 and ended_at is null', [id, now]);
  return tx.query(
    `update session set ended_at = $2, end_reason = $3 where terminal = $1 and ended_at is null
     returning id, person, card, attempt`,
    [id, now, reason],
  );
};

/** Connected terminals that keep another version of authorities and grant keys than this one, by name. */
export const listUnaware = async (tx: Transaction, now: Date, trustVersion: string): Promise<string[]> => {
  const rows = await tx.query<{ name: string }>(
    `select terminal.name from terminal ${joinProcess}
      where ${isAdmitted} and connected_at is not null and ${seenAt} > $1 and trust_version is distinct from $2
      order by terminal.name`,
    [new Date(now.getTime() - onlineFor), trustVersion],
  );
  return rows.map(({ name }) => name);
};

/** How many certificates of terminals have ended or end within these times. */
export const countCertificates = async (
  tx: Transaction,
  now: Date,
): Promise<{ ended: number; withinDay: number; withinThreeDays: number; later: number }> => {
  const [row] = await tx.query<{ ended: number; day: number; threeDays: number; total: number }>(
    `select count(*) filter (where certificate_expires_at <= $1) as ended,
            count(*) filter (where certificate_expires_at <= $1 + interval '1 day') as day,
            count(*) filter (where certificate_expires_at <= $1 + interval '3 days') as "threeDays",
            count(*) as total
       from terminal where ${isAdmitted} and certificate_expires_at is not null`,
    [now],
  );
  const { ended = 0, day = 0, threeDays = 0, total = 0 } = row ?? {};
  return { ended, withinDay: day - ended, withinThreeDays: threeDays - day, later: total - threeDays };
};

/** Terminals whose certificate this authority signed, by name. */
export const listSignedBy = async (tx: Transaction, authority: number): Promise<string[]> => {
  const rows = await tx.query<{ name: string }>(
    `select name from terminal where ${isAdmitted} and certificate_authority = $1 order by name`,
    [authority],
  );
  return rows.map(({ name }) => name);
};
