import type { Revocation } from '#contract/api/console.ts';
import type { Transaction } from './database.ts';

/** The number of the newest revocation of this subject. */
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
