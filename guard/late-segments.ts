import type { JournalRecord } from '#contract/audit.ts';
import { listSegments, readAll } from './journal-folder.ts';
import { codeOf, type Log } from './log.ts';

export interface LateSegmentsDeps {
  readonly folder: string;
  /** The journal key of this terminal; null where no keychain answers. */
  readonly key: Uint8Array | null;
  /** Takes what is not with the server yet. */
  readonly upload: (records: readonly JournalRecord[]) => void;
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly every?: number;
}

export interface LateSegments {
  /** From when the journal has set aside what it could not read. */
  begin(): void;
  stop(): Promise<void>;
}

/**
 * Looks again at what could not be read at the start, until it can be: what it holds that the server has not got goes then,
 * and not only with the next start. Records that the terminal's key does not vouch for are left to that, which tells of them.
 */
export function createLateSegments({ every = 2_000, folder, key, log, upload }: LateSegmentsDeps): LateSegments {
  let unread: ReadonlySet<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let stopped = false;

  async function look(): Promise<void> {
    const aside = (await listSegments(folder)).filter(({ noted, path }) => noted && unread?.has(path) !== false);
    const segments = await readAll(aside, key);
    // The first look finds what there is to wait for.
    if (unread !== undefined)
      for (const { isReadable, path, records, unproven } of segments)
        if (isReadable && unproven === 0 && records.length > 0) {
          log.warn('journal-read-late', { path, records: records.length });
          upload(records);
        }
    unread = new Set(segments.filter(({ isReadable }) => !isReadable).map(({ path }) => path));
  }

  function lookAgain(): void {
    looking = look()
      .catch((error: unknown) => log.warn('journal-unread', { code: codeOf(error) }))
      .then(() => {
        if (!stopped && (unread === undefined || unread.size > 0)) timer = setTimeout(lookAgain, every);
      });
  }

  return {
    begin: lookAgain,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
