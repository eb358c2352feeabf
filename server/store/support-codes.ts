import { makeSupportCode } from '../credentials.ts';
import type { Transaction } from './database.ts';

/** How far back a code must be new (milliseconds): nobody is asked about a refusal that is older, and the date tells them apart. */
const memory = 60 * 24 * 3_600_000;

/** A support code that the log of the last months does not hold. */
export const createSupportCode = async (tx: Transaction, now: Date): Promise<string> => {
  for (;;) {
    const code = makeSupportCode();
    const taken = await tx.query(
      'select 1 from event where support_code = $1 and at > $2 and at <= $3 limit 1',
      [code, new Date(now.getTime() - memory), now],
      'support-code',
    );
    if (taken.length === 0) return code;
  }
};
