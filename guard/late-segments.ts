import type { JournalRecord } from '#contract/audit.ts';
import { listSegments, type ReadSegment, readAll, type SegmentName } from './journal-folder.ts';
import { codeOf, type Log } from './log.ts';

export interface LateSegmentsDeps {
  readonly folder: string;
  /** The journal key of this terminal; null where no keychain answers. */
  readonly key: Uint8Array | null;
  /** Takes what the server may lack, also before numbers that it has confirmed. */
  readonly upload: (records: readonly JournalRecord[]) => void;
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly every?: number;
}

export interface LateSegments {
  /** From when the journal has set aside what it could not read. Resolves after the first look. */
  begin(): Promise<void>;
  /** Something could not be read that was not set aside. Resolves when it is known what that is. */
  lookAtAll(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Looks again at what could not be read, until it can be: what it holds goes to the server then, and not only with the next
 * start. What was set aside goes again with each start: the one before may have ended with it unsent. Records that the
 * terminal's key does not vouch for are left to that, which tells of them.
 */
export function createLateSegments({ every = 2_000, folder, key, log, upload }: LateSegmentsDeps): LateSegments {
  let unread: ReadonlySet<string> = new Set();
  let scope: 'aside' | 'all' | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let stopped = false;

  /** Without what a later segment has otherwise: that was never acknowledged, since its flush had failed. */
  async function findAcknowledged(
    segment: ReadSegment,
    names: readonly SegmentName[],
  ): Promise<readonly JournalRecord[]> {
    const { ordinal, records } = segment;
    for (const name of names.filter((one) => one.ordinal > ordinal)) {
      const after = (await readAll([name], key))[0]?.records[0];
      if (after === undefined) continue;
      if (after.epoch !== records[0]?.epoch) break;
      const before = records.filter(({ sequence }) => sequence < after.sequence);
      const last = before.at(-1);
      const isOther = last?.sequence === after.sequence - 1 && last.hash !== after.previous;
      return isOther ? before.slice(0, -1) : before;
    }
    return records;
  }

  async function look(): Promise<void> {
    const now = scope;
    const names = await listSegments(folder);
    const segments = await readAll(
      names.filter(({ noted, path }) => now === 'all' || (now === 'aside' && noted) || unread.has(path)),
      key,
    );
    for (const segment of segments) {
      const { isReadable, noted, path, unproven } = segment;
      const isLate = unread.has(path);
      if (!isReadable || unproven > 0 || !(isLate || noted)) continue;
      const records = await findAcknowledged(segment, names);
      if (isLate) log.warn('journal-read-late', { path, records: records.length });
      if (records.length > 0) upload(records);
    }
    unread = new Set(segments.filter(({ isReadable }) => !isReadable).map(({ path }) => path));
    if (scope === now) scope = null;
  }

  function lookAgain(): Promise<void> {
    looking = looking
      .then(look)
      .catch((error: unknown) => log.warn('journal-unread', { code: codeOf(error) }))
      .then(() => {
        clearTimeout(timer);
        if (!stopped && (scope !== null || unread.size > 0)) timer = setTimeout(lookAgain, every);
      });
    return looking;
  }

  return {
    begin() {
      scope ??= 'aside';
      return lookAgain();
    },
    lookAtAll() {
      scope = 'all';
      return lookAgain();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
