import type { Role } from '#contract/api/row.ts';
import type { AttemptId, CardId, PersonId, SessionId, SubstituteId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { joinProcess, onlineFor, seenAt } from './terminals.ts';

/** How much later than the policy's limit the server ends an idle session: terminals report in between. */
export const idleSlackMilliseconds = 60_000;

export interface EndedSession {
  readonly id: SessionId;
  readonly attempt: AttemptId;
  readonly terminal: TerminalId;
  readonly person: PersonId;
  readonly card: CardId | null;
}

const endedColumns = 'id, attempt, terminal, person, card';

const endWhere = async (
  tx: Transaction,
  now: Date,
  reason: string,
  where: string,
  value: unknown,
): Promise<EndedSession[]> => {
  const rows = await tx.query<EndedSession>(
    `update session set ended_at = $1, end_reason = $2 where ended_at is null and ${where} returning ${endedColumns}`,
    [now, reason, value],
  );
  if (rows.length > 0) await tx.notify('changed', { what: 'terminals' });
  return rows;
};

export const tryFindPersonOf = async (tx: Transaction, id: SessionId): Promise<PersonId | undefined> => {
  const [row] = await tx.query<{ person: PersonId }>('select person from session where id = $1', [id]);
  return row?.person;
};

/** Each ends a session at most once and answers those that it ended. */
export const endSession = (tx: Transaction, now: Date, reason: string, id: SessionId) =>
  endWhere(tx, now, reason, 'id = $3', id);
export const endSessionsAt = (tx: Transaction, now: Date, reason: string, terminal: TerminalId) =>
  endWhere(tx, now, reason, 'terminal = $3', terminal);
export const endSessionsOf = (tx: Transaction, now: Date, reason: string, person: PersonId) =>
  endWhere(tx, now, reason, 'person = $3', person);
export const endSessionsBy = (tx: Transaction, now: Date, reason: string, substitute: SubstituteId) =>
  endWhere(tx, now, reason, 'substitute = $3', substitute);
export const endExpiredSessions = (tx: Transaction, now: Date) =>
  endWhere(
    tx,
    now,
    'limit',
    'id in (select id from session where ended_at is null and ends_at <= $3 for update skip locked)',
    now,
  );

/**
 * Sessions in which nobody has done anything for too long. A terminal that cannot be reached locks by itself, and may be
 * in use: its session ends when it is back and says so, or at the overall limit.
 */
export const endIdleSessions = async (tx: Transaction, now: Date, idleSeconds: number): Promise<EndedSession[]> => {
  const rows = await tx.query<EndedSession>(
    `update session set ended_at = $1, end_reason = 'idle' where id in (
       select s.id from session s join terminal on terminal.id = s.terminal ${joinProcess}
        where s.ended_at is null and coalesce(${seenAt} > $3, true)
          and greatest(s.active_at, s.started_at, connected_at) < $2
        for update of s skip locked)
     returning ${endedColumns}`,
    [now, new Date(now.getTime() - idleSeconds * 1000 - idleSlackMilliseconds), new Date(now.getTime() - onlineFor)],
  );
  if (rows.length > 0) await tx.notify('changed', { what: 'terminals' });
  return rows;
};

export const markActive = async (tx: Transaction, id: SessionId, at: Date): Promise<void> => {
  await tx.query('update session set active_at = greatest(active_at, $2) where id = $1', [id, at]);
};

export interface OpenSession extends EndedSession {
  readonly startedAt: Date;
  readonly activeAt: Date;
  readonly endsAt: Date;
  readonly endedAt: Date | null;
  readonly tokenHash: Buffer | null;
  readonly roles: readonly Role[];
  readonly personState: 'active' | 'suspended';
}

const sessionColumns = `s.id, s.attempt, s.terminal, s.person, s.card, s.started_at as "startedAt",
  coalesce(s.active_at, s.started_at) as "activeAt", s.ends_at as "endsAt", s.ended_at as "endedAt",
  s.token_hash as "tokenHash", p.state as "personState",
  case when s.fewer_rights then array(select unnest(p.roles) intersect select 'clinician') else p.roles end as roles`;

export const tryGetSession = async (tx: Transaction, id: SessionId): Promise<OpenSession | undefined> => {
  const [row] = await tx.query<OpenSession>(
    `select ${sessionColumns} from session s join person p on p.id = s.person where s.id = $1`,
    [id],
  );
  return row;
};

/** Held until the transaction ends. */
export const tryLockSession = async (tx: Transaction, id: SessionId): Promise<OpenSession | undefined> => {
  const [row] = await tx.query<OpenSession>(
    `select ${sessionColumns} from session s join person p on p.id = s.person where s.id = $1 for update of s`,
    [id],
  );
  return row;
};

export const listOpenSessions = async (tx: Transaction, now: Date, person: PersonId) =>
  tx.query<{ readonly id: SessionId; readonly terminal: string; readonly startedAt: Date }>(
    `select s.id, t.name as terminal, s.started_at as "startedAt" from session s join terminal t on t.id = s.terminal
      where s.person = $1 and s.ended_at is null and s.ends_at > $2 order by s.started_at`,
    [person, now],
  );
