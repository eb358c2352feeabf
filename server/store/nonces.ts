import type { SpentNonce } from '../cards/nonces.ts';
import type { Transaction } from './database.ts';

/** Notes that a nonce is used. False when somebody else has used it before, on whatever server process. */
export const tryUseNonce = async (tx: Transaction, { id, until }: SpentNonce, by: string): Promise<boolean> => {
  // An update that changes nothing sees what another transaction has just committed; doing nothing would not.
  const rows = await tx.query(
    `insert into used_nonce as u (nonce, used_by, expires_at) values ($1, $2, $3)
     on conflict (nonce) do update set used_by = u.used_by where u.used_by = excluded.used_by returning nonce`,
    [id, by, new Date(until)],
    'use-nonce',
  );
  return rows.length === 1;
};

/** Longer than the clocks of two server processes may differ. */
const margin = 60_000;

/** A nonce that has ended is refused without being remembered. */
export const forgetNonces = async (tx: Transaction, now: Date): Promise<void> => {
  await tx.query('delete from used_nonce where expires_at < $1', [new Date(now.getTime() - margin)]);
};
