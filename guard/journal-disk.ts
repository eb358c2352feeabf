import { writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeWhole } from './journal-file.ts';
import { segmentName } from './journal-folder.ts';
import { codeOf, type Log } from './log.ts';

export type SegmentFile = Pick<FileHandle, 'write' | 'datasync' | 'truncate' | 'close'>;
export type OpenFile = (path: string, flags: string) => Promise<SegmentFile>;

/** A file that has its room on the disk before the first record: what is written to it cannot find the disk full. */
export interface Segment {
  readonly path: string;
  readonly file: SegmentFile;
  /** Where the last flush that succeeded ended. */
  end: number;
}

export interface DiskDeps {
  readonly folder: string;
  /** Number of the next segment. */
  readonly next: number;
  readonly segmentBytes: number;
  readonly openFile: OpenFile;
  readonly log: Log;
}

/** Where segments come from. */
export interface Disk {
  /** An empty segment. Throws where there is no room. */
  take(): Promise<Segment>;
  /** The one that was kept for a full disk; undefined when it is used up. */
  tryTakeReserve(): Promise<Segment | undefined>;
  /** Makes the next one beforehand, and the reserve. Resolves to false where there is no room. */
  prepare(): Promise<boolean>;
  close(): Promise<void>;
}

const reserveName = 'reserve';
const zeros = Buffer.alloc(64 * 1024);

export function createDisk(deps: DiskDeps): Disk {
  let { next } = deps;
  let spare: Promise<Segment> | undefined;
  const reserve = join(deps.folder, reserveName);

  async function make(path: string): Promise<Segment> {
    const file = await deps.openFile(path, 'wx');
    try {
      for (let at = 0; at < deps.segmentBytes; at += zeros.length)
        await writeWhole(file, zeros.subarray(0, Math.min(zeros.length, deps.segmentBytes - at)), at);
      await file.datasync();
      await syncFolder(deps.folder);
      return { path, file, end: 0 };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  const makeNext = (): Promise<Segment> => make(join(deps.folder, segmentName(next++)));

  /** One that an earlier run left is as good as one of this run; one that was not finished is none. */
  const hasReserve = async (): Promise<boolean> =>
    (await stat(reserve).catch(() => undefined))?.size === deps.segmentBytes;

  async function keepReserve(): Promise<void> {
    if (await hasReserve()) return;
    await rm(reserve, { force: true });
    const { file } = await make(reserve);
    await file.close();
  }

  return {
    async take() {
      const ready = spare;
      spare = undefined;
      return ready === undefined ? makeNext() : ready.catch(makeNext);
    },
    async tryTakeReserve() {
      if (!(await hasReserve())) return undefined;
      const path = join(deps.folder, segmentName(next++));
      await rename(reserve, path);
      await syncFolder(deps.folder);
      return { path, file: await deps.openFile(path, 'r+'), end: 0 };
    },
    async prepare() {
      try {
        spare ??= makeNext();
        await spare;
        await keepReserve();
        return true;
      } catch (error) {
        spare = undefined;
        deps.log.warn('journal-no-room', { code: codeOf(error) });
        return false;
      }
    },
    async close() {
      const left = await spare?.catch(() => undefined);
      if (left === undefined) return;
      await left.file.close();
      await rm(left.path, { force: true });
    },
  };
}

/** Into room that is there a write is a copy in memory: a turn of the thread pool costs more than it. The flush is what takes time. */
export const openOnDisk: OpenFile = async (path, flags) => {
  const file = await open(path, flags, 0o600);
  return {
    write: (async (bytes: Uint8Array, offset: number, length: number, at: number) => ({
      bytesWritten: writeSync(file.fd, bytes, offset, length, at),
      buffer: bytes,
    })) as SegmentFile['write'],
    datasync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    close: () => file.close(),
  };
};
