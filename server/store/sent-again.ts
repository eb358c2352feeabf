import { hash } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { canonicalRecord, type HashText } from '#core/audit/chain.ts';
import type { Transaction } from './database.ts';
import { findStored, type Head, type Journal, journalKey, type Run, type StoredHashes } from './journal-heads.ts';
import type { Report } from './report-facts.ts';

/** By the platform's own code: a server has tens of thousands to check in a second. */
export const hashText: HashText = (text) => hash('sha256', text, 'hex');

/**
 * Hashes, by sequence, of records that are stored as surely as the head is, without a look at the log: of a journal that is
 * whole the head has in it the hash of the record before, and that one of the one before it. So whatever hashes to that is what
 * was stored. Empty where these records, of one journal and in their order, do not lead up to its head.
 */
export const findSentAgain = (
  records: readonly JournalRecord[],
  head: Pick<Head, 'sequence' | 'hash' | 'whole'>,
): ReadonlyMap<number, string> => {
  const stored = new Map<number, string>();
  if (!head.whole) return stored;
  let { hash: wanted } = head;
  let place = records.findLastIndex(({ sequence }) => sequence <= head.sequence);
  for (let { sequence } = head; place >= 0; sequence -= 1, place -= 1) {
    const record = records[place];
    if (record?.sequence !== sequence || record.hash !== wanted || hashText(canonicalRecord(record)) !== wanted) break;
    stored.set(sequence, wanted);
    wanted = record.previous;
  }
  return stored;
};

/** The records of each of its journals, in their order. */
const splitJournals = ({ records }: Report): readonly (readonly JournalRecord[])[] => {
  const [first] = records;
  return records.every(({ epoch }) => epoch === first?.epoch)
    ? [records]
    : [...Map.groupBy(records, ({ epoch }) => epoch).values()];
};

/** Each once. */
export const listJournals = (reports: readonly Report[]): readonly Journal[] => {
  const journals = new Map<string, Journal>();
  for (const report of reports) {
    for (const [first] of splitJournals(report)) {
      if (first === undefined) continue;
      const journal = { terminal: report.terminal, epoch: first.epoch };
      journals.set(journalKey(journal), journal);
    }
  }
  return [...journals.values()];
};

/** Where a report has records of places that may be filled: above the head every one is free. */
const listOld = (
  { terminal }: Report,
  records: readonly JournalRecord[],
  head: Head | undefined,
  again: ReadonlyMap<number, string> | undefined,
): readonly Run[] => {
  const runs: { terminal: TerminalId; epoch: string; first: number; last: number }[] = [];
  for (const { epoch, sequence } of records) {
    if (sequence > (head?.sequence ?? 0) || again?.has(sequence) === true) continue;
    const run = runs.at(-1);
    if (run !== undefined && sequence === run.last + 1) run.last = sequence;
    else runs.push({ terminal, epoch, first: sequence, last: sequence });
  }
  return runs;
};

/** What is there already of what the reports have: as their records prove it, or else as the log has it. */
export const findThere = async (
  tx: Transaction,
  reports: readonly Report[],
  heads: ReadonlyMap<string, Head>,
  since: Date,
): Promise<StoredHashes> => {
  const there = new Map<string, ReadonlyMap<number, string>>();
  const runs: Run[] = [];
  for (const report of reports) {
    for (const records of splitJournals(report)) {
      const key = journalKey({ terminal: report.terminal, epoch: records[0]?.epoch ?? '' });
      const head = heads.get(key);
      if (head !== undefined) there.set(key, findSentAgain(records, head));
      runs.push(...listOld(report, records, head, there.get(key)));
    }
  }
  for (const [key, hashes] of await findStored(tx, runs, since))
    there.set(key, new Map([...hashes, ...(there.get(key) ?? [])]));
  return there;
};
