import type { JournalRecord } from '#contract/audit.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import type { ReadSegment, Span } from './journal-folder.ts';

type Place = Pick<ChainHead, 'epoch' | 'sequence'>;

export interface Remains {
  /** Numbers of all segments that lie in the folder, oldest first. */
  readonly ordinals: readonly number[];
  /** Those that were read, in the order in which they were written. */
  readonly segments: readonly ReadSegment[];
  /** What they hold, joined. */
  readonly records: readonly JournalRecord[];
  /** Newest records as they are known outside the folder. */
  readonly heads: readonly Place[];
  /** The last sequence of an epoch that the server has confirmed, or 0. */
  readonly uploadedOf: (epoch: string) => number;
}

export interface Gaps {
  /** Numbers that are not there; of what was told before none, and none twice. */
  readonly gone: readonly Span[];
  /** How many of these no damage accounts for: segments were taken away whole. */
  readonly removed: number;
  /** The journal was longer than it is, by what is known outside the folder. */
  readonly isShorter: boolean;
  /** The newest record may be lost, so that its number is not known either. */
  readonly isEndUncertain: boolean;
}

/** Names what is not there any more: between two records, before the first of an epoch, behind its last. */
export function findGaps({ heads, ordinals, records, segments, uploadedOf }: Remains): Gaps {
  const gone: Span[] = [];
  let removed = 0;
  const last = records.at(-1);
  const ending = segments.findLast(({ noted, records: own, broken }) => !noted && (own.length > 0 || broken > 0));
  const isEndUncertain = ending?.brokenAtEnd === true;
  const elsewhere = heads.filter((one) => !records.some(({ epoch }) => epoch === one.epoch));

  const ordinalOf = (record: JournalRecord | undefined): number | undefined =>
    record && segments.findLast(({ records: own }) => own.includes(record))?.ordinal;
  const between = (before: JournalRecord | undefined, after: JournalRecord): ReadSegment[] => {
    const [from = 0, to = 0] = [ordinalOf(before), ordinalOf(after)];
    return segments.filter(({ ordinal }) => from <= ordinal && ordinal <= to);
  };
  /** Segments between these two were left unread, since the server has what is in them. */
  const leavesOut = (before: JournalRecord, after: JournalRecord): boolean => {
    const [from = 0, to = 0] = [ordinalOf(before), ordinalOf(after)];
    const read = new Set(segments.map(({ ordinal }) => ordinal));
    return ordinals.some((ordinal) => from < ordinal && ordinal < to && !read.has(ordinal));
  };
  const knownOf = (epoch: string): number =>
    Math.max(uploadedOf(epoch), ...heads.map((one) => (one.epoch === epoch ? one.sequence : 0)));

  /** Numbers before a record. What was told before is not told again; nor is what nobody damaged and the server has. */
  function tellBefore(after: JournalRecord, from: number, there: readonly ReadSegment[], mayBeDropped = false): void {
    const to = after.sequence - 1;
    if (from > to) return;
    if (!there.some(({ broken, noted }) => broken > 0 && !noted)) {
      if (mayBeDropped || to <= uploadedOf(after.epoch) || there.some(({ noted }) => noted)) return;
      removed += 1;
    }
    gone.push([from, to]);
  }

  /** Numbers behind the last record of an epoch that another one follows. */
  function tellBehind(before: JournalRecord, after: JournalRecord, there: readonly ReadSegment[]): void {
    const at = ordinalOf(before);
    const fresh = there.filter(({ broken, noted }) => broken > 0 && !noted);
    const isCut = fresh.some(({ brokenAtEnd, ordinal }) => ordinal === at && brokenAtEnd);
    const isBlank = fresh.some(({ records: own }) => own.length === 0);
    if (!isCut && !isBlank) return;
    // One of which nothing is known may also be the beginning of the other epoch.
    const least = isCut || after.sequence === 1 ? before.sequence + 1 : 0;
    const to = Math.max(knownOf(before.epoch), least);
    if (to > before.sequence) gone.push([before.sequence + 1, to]);
  }

  for (const [place, after] of records.entries()) {
    const before = records[place - 1];
    if (before?.epoch === after.epoch && after.sequence === before.sequence + 1) continue;
    const there = between(before, after);
    const uploaded = uploadedOf(after.epoch);
    if (before?.epoch === after.epoch) {
      tellBefore(after, Math.max(before.sequence, leavesOut(before, after) ? uploaded : 0) + 1, there);
      continue;
    }
    if (before !== undefined) tellBehind(before, after, there);
    // What the server has may have been left unread, or have gone by its age.
    tellBefore(after, uploaded + 1, there, uploaded === 0 && ordinalOf(after) === ordinals[0]);
  }

  const known = last === undefined ? 0 : knownOf(last.epoch);
  // Where nothing at all could be had of the newest segment, it is of the epoch that is known outside and not here.
  const isOwnEnd = elsewhere.length === 0 || (ending?.records.length ?? 0) > 0;
  if (last !== undefined && (known > last.sequence || (isEndUncertain && isOwnEnd)))
    gone.push([last.sequence + 1, Math.max(known, last.sequence + 1)]);
  for (const epoch of new Set(elsewhere.map((one) => one.epoch))) gone.push([1, knownOf(epoch)]);

  return {
    gone,
    removed,
    isShorter: elsewhere.length > 0 || (last !== undefined && known > last.sequence),
    isEndUncertain,
  };
}
