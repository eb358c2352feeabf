import { makeSupportCode } from '../credentials.ts';
import type { Transaction } from './database.ts';

/** A support code that the log does not hold yet. */
export const createSupportCode = async (tx: Transaction): Promise<string> => {
  for (;;) {
    const code = makeSupportCode();
    const taken = await tx.query('select 1 from event where support_code = $1 limit 1', [code]);
    if (taken.length === 0) return code;
  }
};
