import type { Role } from '#contract/api/row.ts';
import type { PasskeyId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Policy } from '#contract/policy.ts';
import { createToken, hashToken } from '../tokens.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export { createFirstAdminInvitation } from './invitations.ts';

/** `__Host-`: Secure, no Domain, Path=/ or the browser drops it. */
export const consoleCookie = {
  name: '__Host-kazasu',
  options: { path: '/', secure: true, httpOnly: true, sameSite: 'strict' },
} as const;

/** Limits of a console session; a policy that makes them shorter holds for open ones too. */
export type ConsoleRules = Policy['console'];
/** How often a session in use is written down as such. */
const noticeMilliseconds = 15_000;

export interface ConsoleSession {
  readonly session: string;
  readonly person: PersonId;
  readonly roles: readonly Role[];
  readonly terminal: TerminalId | null;
  readonly csrf: string;
  readonly endsAt: Date;
  /** When the person last used a passkey in this session. */
  readonly passkeyUsedAt: Date | null;
}

const from = 'from console_session s join person p on p.id = s.person left join session t on t.id = s.session';
/** Whoever logged in by a substitute or in an emergency has no more rights in the window of that terminal. */
const roles = `case when t.fewer_rights then array(select unnest(p.roles) intersect select 'clinician') else p.roles end`;
const select = `select s.id as session, s.person, ${roles} as roles, s.terminal, s.csrf, s.ends_at as "endsAt",
       s.passkey_used_at as "passkeyUsedAt", s.last_seen_at as "lastSeenAt" ${from}`;
/** What `limitsAt` answers stands at $2, $3 and $4. */
const inForce = `s.ended_at is null and s.ends_at > $2 and s.created_at > $3 and s.last_seen_at > $4
  and p.state = 'active' and (s.session is null or (t.ended_at is null and t.ends_at > $2))`;
const limitsAt = (now: Date, { minutes, idleMinutes }: ConsoleRules): Date[] => [
  now,
  new Date(now.getTime() - minutes * 60_000),
  new Date(now.getTime() - idleMinutes * 60_000),
];

/**
 * The session of this token, while it is in force; in a terminal's window only as long as the terminal's session.
 * `inUse` is false for what a page asks by itself, which keeps no idle session alive.
 */
export const findConsoleSession = async (
  tx: Transaction,
  tokenHash: Buffer,
  now: Date,
  rules: ConsoleRules,
  inUse: boolean,
): Promise<ConsoleSession | undefined> => {
  const [row] = await tx.query<ConsoleSession & { readonly lastSeenAt: Date }>(
    `${select} where s.token_hash = $1 and ${inForce}`,
    [tokenHash, ...limitsAt(now, rules)],
    'console-session',
  );
  if (!row) return undefined;
  const { lastSeenAt, ...found } = row;
  if (inUse && now.getTime() - lastSeenAt.getTime() > noticeMilliseconds) {
    await tx.query('update console_session set last_seen_at = $2 where id = $1', [found.session, now]);
  }
  return found;
};

export const getConsoleSession = async (tx: Transaction, id: string): Promise<ConsoleSession> => {
  const [row] = await tx.query<ConsoleSession & { readonly lastSeenAt: Date }>(`${select} where s.id = $1`, [id]);
  if (!row) throw new Error('the console session that sent this is gone');
  const { lastSeenAt: _, ...found } = row;
  return found;
};

/** Of these console sessions, those that may still be shown what changes. */
export const listOpenConsoleSessions = async (
  tx: Transaction,
  now: Date,
  rules: ConsoleRules,
  ids: readonly string[],
): Promise<ReadonlySet<string>> => {
  const rows = await tx.query<{ id: string }>(`select s.id ${from} where s.id = any($1) and ${inForce}`, [
    ids,
    ...limitsAt(now, rules),
  ]);
  return new Set(rows.map(({ id }) => id));
};

export interface ConsoleSessionToBegin {
  readonly person: PersonId;
  readonly terminal: TerminalId | null;
  readonly session: SessionId | null;
  readonly endsAt: Date;
  /** The passkey that opened it, if one did. */
  readonly passkey?: PasskeyId | null;
}

/** The token exists in the answer's cookie alone; its hash is stored. */
export const insertConsoleSession = async (
  tx: Transaction,
  now: Date,
  toBegin: ConsoleSessionToBegin,
): Promise<{ readonly token: string; readonly id: string; readonly csrf: string }> => {
  const token = createToken();
  const csrf = createToken();
  const id = createUuid(now);
  await tx.query(
    `insert into console_session (id, token_hash, person, terminal, session, csrf, created_at, last_seen_at, ends_at,
                                  passkey, passkey_used_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)`,
    [
      id,
      hashToken(token),
      toBegin.person,
      toBegin.terminal,
      toBegin.session,
      csrf,
      now,
      toBegin.endsAt,
      toBegin.passkey ?? null,
      toBegin.passkey ? now : null,
    ],
  );
  return { token, id, csrf };
};

/** A new token for an open session, whose old one is dead from then on (ASVS 5.0 7.2.4). */
export const renewToken = async (tx: Transaction, id: string): Promise<string> => {
  const token = createToken();
  await tx.query('update console_session set token_hash = $2 where id = $1 and ended_at is null', [
    id,
    hashToken(token),
  ]);
  return token;
};

export const markPasskeyUsed = async (tx: Transaction, now: Date, id: string): Promise<void> => {
  await tx.query('update console_session set passkey_used_at = $2 where id = $1', [id, now]);
};

export const endConsoleSession = async (tx: Transaction, now: Date, id: string): Promise<void> => {
  await tx.query('update console_session set ended_at = $2 where id = $1 and ended_at is null', [id, now]);
};

export const endConsoleSessionsOf = async (tx: Transaction, now: Date, person: PersonId): Promise<void> => {
  await tx.query('update console_session set ended_at = $2 where person = $1 and ended_at is null', [person, now]);
};

/** No use of a passkey so far counts as a proof any more. */
export const forgetPasskeyUses = async (tx: Transaction, person: PersonId): Promise<void> => {
  await tx.query(
    'update console_session set passkey_used_at = null where person = $1 and ended_at is null and passkey_used_at is not null',
    [person],
  );
};

/** Those that this passkey opened, but for `kept`. */
export const endConsoleSessionsByPasskey = async (
  tx: Transaction,
  now: Date,
  passkey: PasskeyId,
  kept: string | null,
): Promise<void> => {
  await tx.query(
    'update console_session set ended_at = $2 where passkey = $1 and ended_at is null and id is distinct from $3::uuid',
    [passkey, now, kept],
  );
};

export interface Ticket {
  readonly session: SessionId;
  readonly person: PersonId;
  readonly terminal: TerminalId;
}

export const insertTicket = async (
  tx: Transaction,
  now: Date,
  toIssue: Ticket & { readonly ticketHash: Buffer; readonly expiresAt: Date },
): Promise<void> => {
  const { ticketHash, session, person, terminal, expiresAt } = toIssue;
  await tx.query(
    `insert into console_ticket (ticket_hash, session, person, terminal, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [ticketHash, session, person, terminal, now, expiresAt],
  );
};

/** Good once. */
export const tryUseTicket = async (tx: Transaction, now: Date, ticketHash: Buffer): Promise<Ticket | undefined> => {
  const [row] = await tx.query<Ticket>(
    `update console_ticket set used_at = $2 where ticket_hash = $1 and used_at is null and expires_at > $2
     returning session, person, terminal`,
    [ticketHash, now],
  );
  return row;
};
