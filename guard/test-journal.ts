/** A journal in a folder of its own, for tests. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord, TerminalEvent } from '#contract/audit.ts';
import { type ChainHead, findFault } from '#core/audit/chain.ts';
import { type Journal, type JournalDeps, openJournal } from './journal.ts';
import { createLog } from './log.ts';

export const quiet = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
export const fact = (reason: string): TerminalEvent => ({ kind: 'link.lost', outcome: 'minor', reason });
export const key = Buffer.alloc(32, 7);

export interface TestFolder {
  readonly folder: string;
  open(deps?: Partial<JournalDeps>): Promise<Journal>;
  /** Opens, writes these one after the other, and closes. */
  write(...reasons: readonly string[]): Promise<void>;
  /** Paths of the segments, oldest first. */
  segments(): string[];
  remove(): void;
}

export function createTestFolder(folder = mkdtempSync(join(tmpdir(), 'kazasu-journal-'))): TestFolder {
  const open = (deps: Partial<JournalDeps> = {}): Promise<Journal> =>
    openJournal({
      folder,
      key,
      outside: { head: null, restored: false },
      now: () => new Date(),
      log: quiet,
      onDurable: () => undefined,
      onState: () => undefined,
      onAbsorbed: () => undefined,
      uploadedOf: () => 0,
      segmentBytes: 64 * 1024,
      ...deps,
    });
  return {
    folder,
    open,
    async write(...reasons) {
      const journal = await open();
      for (const reason of reasons) assert.ok((await journal.append(fact(reason))).ok);
      await journal.close();
    },
    segments: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .map((name) => join(folder, name)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const reasonsOf = (records: readonly JournalRecord[]) => records.map(({ facts }) => facts.reason);

export function assertChain(records: readonly JournalRecord[]): void {
  let head: ChainHead | null = null;
  for (const record of records) {
    assert.equal(findFault(record, head), null);
    head = record;
  }
}
