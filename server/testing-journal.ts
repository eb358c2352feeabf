import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './store/database.ts';
import { type Stored, storeReports } from './store/reports.ts';

/** Stores records of one terminal as a report of it would. */
export const storeRecords = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  records: readonly JournalRecord[],
): Promise<Stored> => {
  const [stored] = await storeReports(tx, now, [{ terminal, records }]);
  if (stored === undefined || typeof stored === 'string') throw new Error(`not stored: ${stored}`);
  return stored;
};
