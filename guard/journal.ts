/**
 * The terminal's own log: append-only JSON Lines, each record chained to its predecessor by its hash. An append resolves when
 * the record is on the disk; appends that come together share one flush. After a failed write or flush nothing is known of
 * the file any more: it is closed for good, and without a journal no desktop opens. Segments of fixed size, signatures in
 * batches and the removal of old segments have their place between `append` and the file.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { eventFacts, type JournalRecord, type TerminalEvent } from '#contract/audit.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import { firstPrevious, sealRecord } from '#core/audit/chain.ts';
import { readJournal, syncFolder, writeWhole } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';

export interface JournalDeps {
  readonly folder: string;
  readonly now: () => Date;
  readonly log: Log;
  /** Called after a flush with the records that it made durable, in order. */
  readonly onDurable: (records: readonly JournalRecord[]) => void;
  /** Called once, when the journal closes itself. */
  readonly onFailed: () => void;
  /** The last sequence of an epoch that the server has confirmed, or 0. */
  readonly uploadedOf: (epoch: string) => number;
  readonly openFile?: (path: string) => Promise<Pick<FileHandle, 'write' | 'datasync' | 'close'>>;
}

export interface Journal {
  /** Resolves when the record is durable; INTERNAL when it is not and never will be. */
  append(facts: TerminalEvent): Promise<Result<JournalRecord, 'INTERNAL'>>;
  /** Every sound record that was there at the start, oldest first. */
  readonly found: readonly JournalRecord[];
  /** What was wrong at the start, for the event that says so; `null` when nothing was. */
  readonly repaired: Readonly<Record<string, string | number>> | null;
  close(): Promise<void>;
}

interface Waiting {
  readonly record: JournalRecord;
  readonly resolve: (result: Result<JournalRecord, 'INTERNAL'>) => void;
}

const currentName = 'journal.jsonl';
const asidePattern = /^journal-.*\.damaged\.jsonl$/;

/** Opens or begins the journal of a folder. Where that cannot be done it is a failed one from the start. */
export async function openJournal(deps: JournalDeps): Promise<Journal> {
  try {
    return await openFolder(deps);
  } catch (error) {
    deps.log.error('journal-failed', { code: codeOf(error) });
    setImmediate(deps.onFailed);
    return { append: async () => fail('INTERNAL'), found: [], repaired: null, close: async () => undefined };
  }
}

async function openFolder(deps: JournalDeps): Promise<Journal> {
  await mkdir(deps.folder, { recursive: true, mode: 0o700 });
  const path = join(deps.folder, currentName);
  const aside = await readAside(deps.folder);
  const recovered = await readJournal(path);
  const last = recovered.records.at(-1);
  const rolledBack = last !== undefined && deps.uploadedOf(last.epoch) > last.sequence;
  let repaired: Journal['repaired'] = null;
  let head = last ?? null;
  if (recovered.faultAt !== null || rolledBack) {
    // What is there is kept as it is; this run writes a journal of its own.
    await rename(path, join(deps.folder, `journal-${randomUUID()}.damaged.jsonl`));
    repaired = rolledBack ? { journal: 'rolled-back' } : { journal: 'damaged', line: recovered.faultAt ?? 0 };
    head = null;
  } else if (recovered.tornBytes > 0) {
    await truncate(path, recovered.soundBytes);
    repaired = { journal: 'torn', bytes: recovered.tornBytes };
  }
  const file = await (deps.openFile ?? ((name) => open(name, 'a', 0o600)))(path);
  await syncFolder(deps.folder);

  const epoch = head?.epoch ?? randomUUID();
  let sequence = head?.sequence ?? 0;
  let previous = head?.hash ?? firstPrevious;
  let failed = false;
  let closed = false;
  let waiting: Waiting[] = [];
  let busy = false;
  let lastWrite = Promise.resolve();

  function giveUp(batch: readonly Waiting[], error: unknown): void {
    failed = true;
    deps.log.error('journal-failed', { code: codeOf(error) });
    for (const each of [...batch, ...waiting]) each.resolve(fail('INTERNAL'));
    waiting = [];
    void file.close().catch(() => undefined);
    deps.onFailed();
  }

  async function write(): Promise<void> {
    while (waiting.length > 0 && !failed) {
      const batch = waiting;
      waiting = [];
      try {
        await writeWhole(file, Buffer.from(batch.map(({ record }) => `${JSON.stringify(record)}\n`).join('')));
        await file.datasync();
      } catch (error) {
        giveUp(batch, error);
        break;
      }
      for (const { record, resolve } of batch) resolve(succeed(record));
      deps.onDurable(batch.map(({ record }) => record));
    }
    busy = false;
  }

  return {
    found: [...aside, ...recovered.records, ...recovered.behind],
    repaired,
    append(input) {
      if (failed || closed) return Promise.resolve(fail('INTERNAL'));
      const facts = eventFacts.parse(input);
      const record = sealRecord({ epoch, sequence: ++sequence, previous, at: deps.now().toISOString(), facts });
      previous = record.hash;
      return new Promise((resolve) => {
        waiting.push({ record, resolve });
        if (busy) return;
        busy = true;
        lastWrite = write();
      });
    },
    async close() {
      closed = true;
      await lastWrite;
      if (!failed) await file.close();
    },
  };
}

/** Sound records of journals that were set aside: what the server has not got yet is still sent. */
async function readAside(folder: string): Promise<JournalRecord[]> {
  const names = (await readdir(folder)).filter((name) => asidePattern.test(name)).sort();
  const all = await Promise.all(names.map((name) => readJournal(join(folder, name))));
  return all.flatMap(({ records, behind }) => [...records, ...behind]);
}
