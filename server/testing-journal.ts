import { randomUUID } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import type { Transaction } from './store/database.ts';
import type { Report } from './store/report-facts.ts';
import { type SentReport, type Stored, storeReports } from './store/reports.ts';
import type { TestServer, TestTerminal } from './testing.ts';

export const asSent = (report: Report): SentReport => ({ terminal: report.terminal, read: () => report });

/** Stores records of one terminal as a report of it would. */
export const storeRecords = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  records: readonly JournalRecord[],
): Promise<Stored> => {
  const [stored] = await storeReports(tx, now, [asSent({ terminal, records })]);
  if (stored === undefined || typeof stored === 'string') throw new Error(`not stored: ${stored}`);
  return stored;
};

const someTime = '2026-11-22T07:00:00.000+09:00';
/** A journal of so many records that say the same. */
export const journal = (
  count: number,
  facts: JournalRecord['facts'],
  epoch: string = randomUUID(),
  timeOf: (sequence: number) => string = () => someTime,
): JournalRecord[] => {
  const records: JournalRecord[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const previous = records.at(-1)?.hash ?? firstPrevious;
    records.push(sealRecord({ epoch, sequence, previous, at: timeOf(sequence), facts }));
  }
  return records;
};
export const started: JournalRecord['facts'] = { kind: 'guard.started', outcome: 'success', factors: [], detail: {} };

/** What is stored of a terminal’s journals, in the order of the log. */
export const storedOf = (server: TestServer, terminal: TestTerminal) =>
  server.database.query<{
    sequence: number;
    hash: string;
    chain: string | null;
    person: string | null;
    session: string | null;
  }>(
    `select sequence, hash, detail->>'chain' as chain, person, session from event
     where terminal = $1 and epoch is not null order by seq`,
    [terminal.id],
  );
