import type { RevocationOrder } from '#contract/api/terminals.ts';
import type { PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';

export interface RevocationToIssue {
  readonly what: RevocationOrder['what'];
  /** Identifier of the card, person, session or terminal. */
  readonly subject: string;
  /** Person whose sessions end. */
  readonly person: PersonId | null;
  readonly reason: string;
  /** Who asked for it; null when the server did by itself. */
  readonly by: PersonId | null;
}

/** Any constant: transactions that issue revocations run one after the other, so that numbers commit in their order. */
const issuing = 5_411_001;

/** Makes the numbered fact and its event; all terminals get it when the transaction commits. Answers the number. */
export const issueRevocation = async (tx: Transaction, now: Date, toIssue: RevocationToIssue): Promise<number> => {
  const { what, subject, person, reason, by } = toIssue;
  await tx.query('select pg_advisory_xact_lock($1)', [issuing]);
  const [row] = await tx.query<{ number: number }>(
    `insert into revocation (number, what, subject, person, reason, by, at)
     select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6 from revocation
     returning number`,
    [what, subject, person, reason, by, now],
  );
  if (row === undefined) throw new Error('a revocation got no number');
  const { number } = row;
  await record(tx, now, {
    kind: 'revocation.issued',
    outcome: 'success',
    person,
    actor: by,
    reason: reason.slice(0, 80),
    detail: { number, what, subject },
  });
  const order = { number, what, subject, person, at: now.toISOString() } satisfies RevocationOrder;
  await tx.notify('pushed', { terminal: null, pushed: { kind: 'revocation', order } });
  await tx.notify('changed', { what: 'revocations' });
  return number;
};

interface OrderRow {
  readonly number: number;
  readonly what: RevocationOrder['what'];
  readonly subject: string;
  readonly person: PersonId | null;
  readonly at: Date;
}

/** Revocations with a number above `after`, oldest first. */
export const listOrders = async (tx: Transaction, after: number): Promise<RevocationOrder[]> => {
  const rows = await tx.query<OrderRow>(
    'select number, what, subject, person, at from revocation where number > $1 order by number',
    [after],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
};

/** Number of the newest revocation; 0 when there is none. */
export const getHead = async (tx: Transaction): Promise<number> => {
  const [row] = await tx.query<{ head: number }>('select coalesce(max(number), 0) as head from revocation');
  return row?.head ?? 0;
};
