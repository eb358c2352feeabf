import type { Role } from '#contract/api/row.ts';
import type { AttemptId, CardId, PersonId, SessionId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export interface SessionToBegin {
  readonly attempt: AttemptId;
  readonly terminal: TerminalId;
  readonly person: PersonId;
  readonly card: CardId;
  readonly endsAt: Date;
}

export const insertSession = async (tx: Transaction, now: Date, toBegin: SessionToBegin): Promise<SessionId> => {
  const id = createUuid(now) as SessionId;
  const { attempt, terminal, person, card, endsAt } = toBegin;
  await tx.query(
    'insert into session (id, attempt, terminal, person, card, started_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7)',
    [id, attempt, terminal, person, card, now, endsAt],
  );
  await tx.notify('changed', { what: 'terminals' });
  return id;
};

export interface EndedSession {
  readonly id: SessionId;
  readonly attempt: AttemptId;
  readonly terminal: TerminalId;
  readonly person: PersonId;
  readonly card: CardId;
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

/** Each ends a session at most once and answers those that it ended. */
export const endSession = (tx: Transaction, now: Date, reason: string, id: SessionId) =>
  endWhere(tx, now, reason, 'id = $3', id);
export const endSessionsAt = (tx: Transaction, now: Date, reason: string, terminal: TerminalId) =>
  endWhere(tx, now, reason, 'terminal = $3', terminal);
export const endSessionsOf = (tx: Transaction, now: Date, reason: string, person: PersonId) =>
  endWhere(tx, now, reason, 'person = $3', person);
export const endExpiredSessions = (tx: Transaction, now: Date) =>
  endWhere(
    tx,
    now,
    'limit',
    'id in (select id from session where ended_at is null and ends_at <= $3 for update skip locked)',
    now,
  );

export interface OpenSession extends EndedSession {
  readonly startedAt: Date;
  readonly endsAt: Date;
  readonly endedAt: Date | null;
  readonly roles: readonly Role[];
  readonly personState: 'active' | 'suspended';
}

export const tryGetSession = async (tx: Transaction, id: SessionId): Promise<OpenSession | undefined> => {
  const [row] = await tx.query<OpenSession>(
    `select s.id, s.attempt, s.terminal, s.person, s.card, s.started_at as "startedAt", s.ends_at as "endsAt",
            s.ended_at as "endedAt", p.roles, p.state as "personState"
       from session s join person p on p.id = s.person where s.id = $1`,
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
