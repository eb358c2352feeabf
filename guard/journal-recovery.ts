import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalRecord } from '#contract/audit.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { type OpenFile, openOnDisk } from './journal-disk.ts';
import { syncFolder } from './journal-file.ts';
import {
  joinSegments,
  listSegments,
  peekFirst,
  type ReadSegment,
  readAll,
  type SegmentName,
  segmentName,
  showSpans,
} from './journal-folder.ts';
import { findGaps } from './journal-gaps.ts';
import { keepUntold, readUntold } from './journal-untold.ts';

type Place = Pick<ChainHead, 'epoch' | 'sequence'>;

export interface RecoveryDeps {
  readonly folder: string;
  /** The journal key of this terminal; null where no keychain answers. */
  readonly key: Uint8Array | null;
  /** The last sequence of an epoch that the server has confirmed, or 0. */
  readonly uploadedOf: (epoch: string) => number;
  /** The newest record as it is known outside the folder, and whether the folder is an older copy of itself. */
  readonly outside: {
    readonly head: ChainHead | null;
    readonly restored: boolean;
    /** The same as the keychain knows it, which is told more seldom and cannot be put back with the folder. */
    readonly anchor?: Place | null;
  };
  readonly openFile?: OpenFile;
}

/** What was wrong at the start, for the event that says so. */
export type Repaired = Readonly<Record<string, string | number>>;

export interface Recovered {
  /** What the server may not have yet, and what tells whether the desktop was open; oldest first. */
  readonly found: readonly JournalRecord[];
  /** What the next record follows; null where a new epoch begins. */
  readonly head: ChainHead | null;
  readonly epoch: string;
  readonly nextOrdinal: number;
  readonly repaired: Repaired | null;
  /** What earlier starts found wrong and did not tell. */
  readonly untold: readonly Repaired[];
}

/** Reads what earlier runs left. Files that are damaged stay as they are; nothing is ever written behind an old tail. */
export async function recover(deps: RecoveryDeps): Promise<Recovered> {
  await mkdir(deps.folder, { recursive: true, mode: 0o700 });
  const untold = await readUntold(deps.folder);
  const names = await listSegments(deps.folder);
  const segments = await readAll(await chooseUnsettled(names, deps.uploadedOf), deps.key);
  const { records, unchained } = joinSegments(segments);
  const last = records.at(-1) ?? null;
  const fresh = segments.filter(({ noted }) => !noted);
  const { head: outside, anchor = null, restored } = deps.outside;
  const { gone, isEndUncertain, isShorter, removed } = findGaps({
    ordinals: names.map(({ ordinal }) => ordinal),
    segments,
    records,
    heads: [outside, anchor].filter((one) => one !== null),
    uploadedOf: deps.uploadedOf,
  });
  const rolledBack = restored || isShorter;
  const broken = sum(fresh, ({ broken: count }) => count);
  // Also in what was set aside: somebody may have put it there since.
  const unproven = sum(segments, (one) => (one.ordinal === 0 ? 0 : one.unproven));
  const torn = sum(fresh, ({ tornBytes }) => tornBytes);
  const newest = fresh.findLast(({ records: own }) => own.length > 0);
  if (newest !== undefined) await settle(newest.path, deps.openFile ?? openOnDisk);
  const kind = kindOf({
    restored,
    rolledBack,
    unreadable: fresh.some(({ isReadable }) => !isReadable),
    damaged: broken > 0 || unchained > 0 || removed > 0,
    unproven: unproven > 0,
  });
  const isSound = kind === 'torn' && torn === 0;
  const repaired: Repaired = {
    journal: kind,
    ...(gone.length === 0 ? {} : { missing: showSpans(gone).slice(0, 200) }),
    ...(broken === 0 ? {} : { broken }),
    ...(unchained === 0 ? {} : { unchained }),
    ...(unproven === 0 ? {} : { unproven }),
    ...(torn === 0 ? {} : { bytes: torn }),
  };
  // On a disk without room it is told by this start or by none.
  if (kind !== 'torn') await keepUntold(deps.folder, untold, repaired).catch(() => undefined);
  await tidy(deps.folder, segments);
  // Numbers that were used once are never used for other records.
  const head = rolledBack || isEndUncertain ? null : last;
  return {
    found: records,
    head,
    epoch: head?.epoch ?? randomUUID(),
    nextOrdinal: (names.at(-1)?.ordinal ?? 0) + 1,
    repaired: isSound ? null : repaired,
    untold,
  };
}

interface Wrong {
  readonly restored: boolean;
  readonly rolledBack: boolean;
  readonly unreadable: boolean;
  readonly damaged: boolean;
  readonly unproven: boolean;
}

/** The worst of it, in one word. What cannot be read may well be what the rest lacks at its end. */
function kindOf({ damaged, restored, rolledBack, unproven, unreadable }: Wrong): string {
  if (unreadable && !restored) return 'unreadable';
  if (rolledBack) return 'rolled-back';
  if (damaged) return 'damaged';
  return unproven ? 'unproven' : 'torn';
}

const sum = <Value>(values: readonly Value[], of: (value: Value) => number): number =>
  values.reduce((total, value) => total + of(value), 0);

/**
 * Leaves out segments whose every record the server has confirmed, as far as that can be told by how they begin; the
 * newest ones are read in any case.
 */
async function chooseUnsettled(
  names: readonly SegmentName[],
  uploadedOf: RecoveryDeps['uploadedOf'],
): Promise<SegmentName[]> {
  const firsts = await Promise.all(names.map(peekFirst));
  return names.filter((_, place) => {
    const [first, next] = [firsts[place], firsts.slice(place + 1).find((one) => one !== null)];
    if (place >= names.length - alwaysRead || first == null || next == null) return true;
    return first.epoch !== next.epoch || next.sequence - 1 > uploadedOf(first.epoch);
  });
}
const alwaysRead = 8;

/** A process that was killed may have left its last records in memory alone: nothing goes on from them before they are on the disk. */
async function settle(path: string, openFile: OpenFile): Promise<void> {
  const file = await openFile(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Cuts the room that was never used, removes what never held anything, and sets aside what is damaged. */
async function tidy(folder: string, segments: readonly ReadSegment[]): Promise<void> {
  for (const { path, ordinal, noted, records, broken, tornBytes, end } of segments) {
    if (noted) continue;
    if (records.length === 0 && broken === 0 && tornBytes === 0) await rm(path);
    else if (broken > 0) await rename(path, join(folder, segmentName(ordinal, true)));
    else await truncate(path, end);
  }
  await syncFolder(folder);
}
