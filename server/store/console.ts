import type { Role } from '#contract/api/row.ts';
import type { PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import { createToken, hashToken } from '../tokens.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export { createFirstAdminInvitation } from './invitations.ts';

/** `__Host-`: Secure, no Domain, Path=/ or the browser drops it. */
export const consoleCookie = {
  name: '__Host-kazasu',
  options: { path: '/', secure: true, httpOnly: true, sameSite: 'strict' },
} as const;

export const idleMilliseconds = 30 * 60_000;
export const overallMilliseconds = 12 * 3_600_000;
/** How often a session in use is written down as such. */
const noticeMilliseconds = 15_000;

export interface ConsoleSession {
  readonly session: string;
  readonly person: PersonId;
  readonly roles: readonly Role[];
  readonly terminal: TerminalId | null;
  readonly csrf: string;
  readonly endsAt: Date;
}

const select = `select s.id as session, s.person, p.roles, s.terminal, s.csrf, s.ends_at as "endsAt",
       s.last_seen_at as "lastSeenAt"
  from console_session s join person p on p.id = s.person left join session t on t.id = s.session`;
const inForce = `s.ended_at is null and s.ends_at > $2 and s.last_seen_at > $3 and p.state = 'active'
  and (s.session is null or (t.ended_at is null and t.ends_at > $2))`;

/**
 * The session of this token, while it is in force; in a terminal's window only as long as the terminal's session.
 * `inUse` is false for what a page asks by itself, which keeps no idle session alive.
 */
export const findConsoleSession = async (
  tx: Transaction,
  tokenHash: Buffer,
  now: Date,
  inUse: boolean,
): Promise<ConsoleSession | undefined> => {
  const idleSince = new Date(now.getTime() - idleMilliseconds);
  const [row] = await tx.query<ConsoleSession & { readonly lastSeenAt: Date }>(
    `${select} where s.token_hash = $1 and ${inForce}`,
    [tokenHash, now, idleSince],
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

export interface ConsoleSessionToBegin {
  readonly person: PersonId;
  readonly terminal: TerminalId | null;
  readonly session: SessionId | null;
  readonly endsAt: Date;
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
    `insert into console_session (id, token_hash, person, terminal, session, csrf, created_at, last_seen_at, ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
    [id, hashToken(token), toBegin.person, toBegin.terminal, toBegin.session, csrf, now, toBegin.endsAt],
  );
  return { token, id, csrf };
};

export const endConsoleSession = async (tx: Transaction, now: Date, id: string): Promise<void> => {
  await tx.query('update console_session set ended_at = $2 where id = $1 and ended_at is null', [id, now]);
};

export const endConsoleSessionsOf = async (tx: Transaction, now: Date, person: PersonId): Promise<void> => {
  await tx.query('update console_session set ended_at = $2 where person = $1 and ended_at is null', [person, now]);
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
