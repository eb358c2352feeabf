import { readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { replaceFile } from './journal-file.ts';
import { listSegments, peekFirst, readAll, type SegmentName } from './journal-folder.ts';
import { codeOf, type Log } from './log.ts';

export interface RetentionDeps {
  readonly folder: string;
  /** Where it is noted since when a segment is confirmed. */
  readonly path: string;
  /** The last sequence of an epoch that the server has confirmed, or 0. */
  readonly uploadedOf: (epoch: string) => number;
  readonly log: Log;
}

/** Keeps what the server has confirmed for thirty days more, so that one that was put back from a backup can ask again. */
export interface Retention {
  /** `now` by the server's clock, milliseconds since 1970: a terminal's own may be wrong. */
  drop(now: number): Promise<void>;
}

const keptFor = 30 * 24 * 3_600_000;
/** The one that is written, the next one, and what tells whether the desktop was open. */
const neverDropped = 8;
const marks = z.record(z.string(), z.number());

export function createRetention({ folder, log, path, uploadedOf }: RetentionDeps): Retention {
  let running: Promise<void> | undefined;

  async function isConfirmed(segment: SegmentName, next: SegmentName | undefined): Promise<boolean> {
    const [first, after] = [await peekFirst(segment), next && (await peekFirst(next))];
    if (first && after && first.epoch === after.epoch) return after.sequence - 1 <= uploadedOf(first.epoch);
    const [read] = await readAll([segment], null);
    return read?.isReadable === true && read.records.every(({ epoch, sequence }) => sequence <= uploadedOf(epoch));
  }

  async function run(now: number): Promise<void> {
    const names = await listSegments(folder);
    const known = await readMarks(path);
    const noted: Record<string, number> = {};
    for (const [place, segment] of names.entries()) {
      if (place >= names.length - neverDropped || !(await isConfirmed(segment, names[place + 1]))) continue;
      const name = basename(segment.path);
      const since = known[name] ?? now;
      if (now - since >= keptFor) await rm(segment.path, { force: true });
      else noted[name] = since;
    }
    if (JSON.stringify(noted) !== JSON.stringify(known)) await replaceFile(path, JSON.stringify(noted));
  }

  return {
    drop(now) {
      running ??= run(now)
        .catch((error: unknown) => log.warn('journal-not-dropped', { code: codeOf(error) }))
        .finally(() => {
          running = undefined;
        });
      return running;
    },
  };
}

async function readMarks(path: string): Promise<Record<string, number>> {
  try {
    return marks.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? {};
  } catch {
    return {};
  }
}
