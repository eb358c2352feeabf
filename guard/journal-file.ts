import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type JournalRecord, journalRecord } from '#contract/audit.ts';
import { type ChainHead, findFault } from '#core/audit/chain.ts';

/** What stands in a journal's file. */
export interface Recovered {
  /** The records that hold, from the first to the first fault. */
  readonly records: readonly JournalRecord[];
  /** Bytes of a last line that was never finished: a write that nobody was told of. */
  readonly tornBytes: number;
  /** Bytes of the records that hold. */
  readonly soundBytes: number;
  /** The first line, counted from 1, that does not hold; `null` where all do. */
  readonly faultAt: number | null;
  /** Records behind the fault that hold by themselves. */
  readonly behind: readonly JournalRecord[];
}

const newLine = 0x0a;

export async function readJournal(path: string): Promise<Recovered> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const records: JournalRecord[] = [];
  const behind: JournalRecord[] = [];
  let head: ChainHead | null = null;
  let faultAt: number | null = null;
  let soundBytes = 0;
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(newLine, start);
    if (end === -1) break;
    const record = parseLine(bytes.toString('utf8', start, end));
    start = end + 1;
    if (faultAt === null && record !== null && findFault(record, head) === null) {
      records.push(record);
      head = record;
      soundBytes = start;
    } else {
      faultAt ??= line;
      if (record !== null && findFault(record, null) !== 'hash') behind.push(record);
    }
  }
  return { records, tornBytes: bytes.length - start, soundBytes, faultAt, behind };
}

function parseLine(line: string): JournalRecord | null {
  try {
    const parsed = journalRecord.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Makes creations and renames in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts a whole file in place of another, or of none; a reader sees the old one or the new one. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const beside = `${path}.new`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, path).catch(async (error: unknown) => {
    await rm(beside, { force: true });
    throw error;
  });
  await syncFolder(dirname(path));
}

/** Writes all of it: one call may write less than it was given. */
export async function writeWhole(file: Pick<FileHandle, 'write'>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, null);
    if (bytesWritten <= 0) throw new Error('nothing was written');
    done += bytesWritten;
  }
}
