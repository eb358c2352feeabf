import type { PersonSummary } from '#contract/api/people.ts';
import type { Assurance } from '#contract/card.ts';
import type { AttemptId, CardId, LockId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

/** One thing at a time for each terminal, on all server processes, until the transaction ends. */
export const takeTurn = async (tx: Transaction, terminal: TerminalId): Promise<void> => {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [terminal]);
};

export interface AttemptToBegin {
  readonly terminal: TerminalId;
  readonly lock: LockId;
  readonly card: CardId;
  readonly person: PersonId;
  readonly supportCode: string;
  readonly expiresAt: Date;
  readonly assurance: Assurance;
  readonly address: string;
}

export const insertAttempt = async (tx: Transaction, now: Date, toBegin: AttemptToBegin): Promise<AttemptId> => {
  const id = createUuid(now) as AttemptId;
  const { terminal, lock, card, person, supportCode, expiresAt, assurance, address } = toBegin;
  await tx.query(
    `insert into attempt (id, terminal, lock_id, card, person, support_code, factors, started_at, expires_at,
                          assurance, address)
     values ($1, $2, $3, $4, $5, $6, '{card}', $7, $8, $9, $10)`,
    [id, terminal, lock, card, person, supportCode, now, expiresAt, assurance, address],
  );
  return id;
};

export interface Attempt {
  readonly id: AttemptId;
  readonly terminal: TerminalId;
  readonly lock: LockId;
  readonly card: CardId;
  readonly person: PersonId;
  readonly supportCode: string;
  readonly state: 'open' | 'accepted' | 'refused' | 'abandoned';
  readonly expiresAt: Date;
  readonly cardState: 'active' | 'revoked';
  readonly personState: PersonSummary['state'];
}

/** The attempt, held with its card and person until the transaction ends: none of them can be revoked meanwhile. */
export const tryLockAttempt = async (tx: Transaction, id: AttemptId): Promise<Attempt | undefined> => {
  const [row] = await tx.query<Attempt>(
    `select a.id, a.terminal, a.lock_id as lock, a.card, a.person, a.support_code as "supportCode", a.state,
            a.expires_at as "expiresAt", c.state as "cardState", p.state as "personState"
       from attempt a join card c on c.id = a.card join person p on p.id = a.person
      where a.id = $1 for update of a for share of c, p`,
    [id],
  );
  return row;
};

export const endAttempt = async (
  tx: Transaction,
  now: Date,
  id: AttemptId,
  state: 'accepted' | 'refused' | 'abandoned',
  factors: readonly string[] = ['card'],
): Promise<void> => {
  await tx.query(`update attempt set state = $2, factors = $3, ended_at = $4 where id = $1 and state = 'open'`, [
    id,
    state,
    factors,
    now,
  ]);
};

export interface EndedAttempt {
  readonly id: AttemptId;
  readonly terminal: TerminalId;
  readonly person: PersonId;
  readonly card: CardId;
  readonly supportCode: string;
}

const ended = `id, terminal, person, card, support_code as "supportCode"`;

export const abandonOpenAttempts = async (tx: Transaction, now: Date, terminal: TerminalId): Promise<EndedAttempt[]> =>
  tx.query<EndedAttempt>(
    `update attempt set state = 'abandoned', ended_at = $2 where terminal = $1 and state = 'open' returning ${ended}`,
    [terminal, now],
  );

export const abandonExpiredAttempts = async (tx: Transaction, now: Date): Promise<EndedAttempt[]> =>
  tx.query<EndedAttempt>(
    `update attempt set state = 'abandoned', ended_at = $1
      where id in (select id from attempt where state = 'open' and expires_at <= $1 for update skip locked)
      returning ${ended}`,
    [now],
  );
