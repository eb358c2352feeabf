import type { Factor } from '#contract/audit.ts';
import type { AttemptId, CardId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

export type AttemptState = 'open' | 'accepted' | 'refused' | 'abandoned';

/** One thing at a time for each terminal, on all server processes, until the transaction ends. */
export const takeTurn = async (tx: Transaction, terminal: TerminalId): Promise<void> => {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [terminal]);
};

/** False when it had ended before. */
export const endAttempt = async (
  tx: Transaction,
  now: Date,
  id: AttemptId,
  state: 'accepted' | 'refused' | 'abandoned',
  factors: readonly string[] = ['card'],
): Promise<boolean> => {
  const rows = await tx.query(
    `update attempt set state = $2, factors = $3, ended_at = $4 where id = $1 and state = 'open' returning id`,
    [id, state, factors, now],
  );
  return rows.length === 1;
};

export interface EndedAttempt {
  readonly id: AttemptId;
  readonly terminal: TerminalId;
  readonly person: PersonId;
  readonly card: CardId | null;
  readonly supportCode: string;
  /** What it began with. */
  readonly factors: Factor[];
}

const ended = `id, terminal, person, card, support_code as "supportCode", factors`;

/** Ends what is still open at the terminals of these attempts and began before the newest of each. */
export const abandonOlderAttempts = async (
  tx: Transaction,
  now: Date,
  attempts: readonly { readonly attempt: AttemptId; readonly terminal: TerminalId }[],
): Promise<EndedAttempt[]> => {
  // The newest of each terminal comes last.
  const newest = new Map(attempts.map(({ terminal, attempt }) => [terminal, attempt]));
  return tx.query<EndedAttempt>(
    `update attempt a set state = 'abandoned', ended_at = $3
      where a.id in (
        select older.id from unnest($1::uuid[], $2::uuid[]) as n(terminal, id)
          join attempt newest on newest.id = n.id
          join attempt older on older.terminal = n.terminal and older.state = 'open' and older.id <> n.id
           and older.started_at <= newest.started_at
         order by older.id for update of older skip locked)
      returning ${ended}`,
    [[...newest.keys()], [...newest.values()], now],
    'abandon-older',
  );
};

export const abandonExpiredAttempts = async (tx: Transaction, now: Date): Promise<EndedAttempt[]> =>
  tx.query<EndedAttempt>(
    `update attempt set state = 'abandoned', ended_at = $1
      where id in (select id from attempt where state = 'open' and expires_at <= $1 for update skip locked)
      returning ${ended}`,
    [now],
  );
