import type { Revocation } from '#contract/api/console.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

/** The number of an earlier revocation of the same subject. */
export const tryFindNumber = async (
  tx: Transaction,
  what: Revocation['what'],
  subject: string,
): Promise<number | undefined> => {
  const [row] = await tx.query<{ number: number }>(
    'select number from revocation where what = $1 and subject = $2 order by number desc limit 1',
    [what, subject],
  );
  return row?.number;
};

export interface RevocationRow {
  readonly number: number;
  readonly what: Revocation['what'];
  readonly subject: string;
  readonly reason: string;
  readonly at: Date;
  readonly by: string;
}

/** Newest first. */
export const listRevocations = (tx: Transaction, limit: number): Promise<RevocationRow[]> =>
  tx.query<RevocationRow>(
    `select r.number, r.what, r.subject, r.reason, r.at, coalesce(p.name, '') as by
       from revocation r left join person p on p.id = r.by order by r.number desc limit $1`,
    [limit],
  );

export interface ReceiptRow {
  readonly number: number;
  readonly terminal: TerminalId;
  readonly terminalName: string;
  readonly receivedAt: Date | null;
  readonly lockedAt: Date | null;
  readonly storedAt: Date | null;
  readonly clockOffsetMs: number | null;
}

/** For each of these revocations every terminal that was enrolled at its time, with its receipt if there is one. */
export const listReceipts = (tx: Transaction, numbers: readonly number[]): Promise<ReceiptRow[]> =>
  tx.query<ReceiptRow>(
    `select r.number, t.id as terminal, t.name as "terminalName", c.received_at as "receivedAt",
            c.locked_at as "lockedAt", c.stored_at as "storedAt", t.clock_offset_ms as "clockOffsetMs"
       from revocation r
       join terminal t on t.enrolled_at <= r.at and (t.revoked_at is null or t.revoked_at > r.at)
       left join receipt c on c.revocation = r.number and c.terminal = t.id
      where r.number = any($1::bigint[]) order by r.number desc, t.name`,
    [numbers],
  );
