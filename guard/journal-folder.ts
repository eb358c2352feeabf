import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalRecord } from '#contract/audit.ts';
import { type ChainHead, findFault } from '#core/audit/chain.ts';
import { hashText, readSegment, type SegmentContent } from './journal-segment.ts';

/** A segment's file. `noted`: its damage has been told before. */
export interface SegmentName {
  readonly path: string;
  readonly ordinal: number;
  readonly noted: boolean;
}

const pattern = /^journal-(\d{8})(\.damaged)?\.jsonl$/;
export const segmentName = (ordinal: number, noted = false): string =>
  `journal-${String(ordinal).padStart(8, '0')}${noted ? '.damaged' : ''}.jsonl`;

/** What was written before there were segments; it has no proof in it. */
const single = 'journal.jsonl';

/** In the order in which they were written. */
export async function listSegments(folder: string): Promise<SegmentName[]> {
  return (await readdir(folder))
    .flatMap((name) => {
      if (name === single) return [{ path: join(folder, name), ordinal: 0, noted: false }];
      const [, digits, noted] = pattern.exec(name) ?? [];
      return digits === undefined
        ? []
        : [{ path: join(folder, name), ordinal: Number(digits), noted: noted !== undefined }];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** `isReadable`: its bytes could be had. Where they could not, nothing is known of what it holds. */
export type ReadSegment = SegmentName & SegmentContent & { readonly isReadable: boolean };

const unreadable = { records: [], broken: 1, tornBytes: 0, unproven: 0, brokenAtEnd: true, end: 0, isReadable: false };

/** One that cannot be read costs what stands in it, and none of the others. */
export async function readAll(names: readonly SegmentName[], key: Uint8Array | null): Promise<ReadSegment[]> {
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(name.path).catch(() => null);
      return bytes === null ? { ...name, ...unreadable } : { ...name, ...readSegment(bytes, key), isReadable: true };
    }),
  );
}

/**
 * The first record of a segment as it says itself, without a check: enough to know which segments can be left unread. Null
 * also where it cannot be read.
 */
export async function peekFirst({ path }: SegmentName): Promise<Pick<ChainHead, 'epoch' | 'sequence'> | null> {
  const beginning = await readBeginning(path).catch(() => '');
  const [, epoch, digits] = /^\{"epoch":"([0-9a-f-]{36})","sequence":(\d+),/.exec(beginning) ?? [];
  return epoch === undefined || digits === undefined ? null : { epoch, sequence: Number(digits) };
}

async function readBeginning(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What a journal's folder gives. */
export interface Reread {
  /** Every sound record that is there, those of each epoch in their order. */
  readonly records: readonly JournalRecord[];
  /** No segment was unreadable. */
  readonly isWhole: boolean;
}

export async function readRecords(folder: string, key: Uint8Array | null): Promise<Reread> {
  const segments = await readAll(await listSegments(folder), key);
  return { records: joinSegments(segments).records, isWhole: segments.every(({ isReadable }) => isReadable) };
}

/** Numbers from and to, both included. */
export type Span = readonly [from: number, to: number];

export interface Joined {
  /** Of each epoch in the order of their numbers; the epoch that was written last comes last. */
  readonly records: readonly JournalRecord[];
  /** Neighbours that do not continue each other. */
  readonly unchained: number;
}

/**
 * Puts segments together. Where a segment goes on from a number that an earlier one has passed, what that one holds behind
 * the number was never acknowledged: its flush had failed.
 */
export function joinSegments(segments: readonly Pick<SegmentContent, 'records'>[]): Joined {
  const epochs = new Map<string, Map<number, JournalRecord>>();
  for (const { records } of segments) {
    const [first] = records;
    const before = first && epochs.get(first.epoch);
    if (first && before) for (const number of before.keys()) if (number >= first.sequence) before.delete(number);
    for (const record of records) {
      const own = epochs.get(record.epoch) ?? new Map<number, JournalRecord>();
      own.set(record.sequence, record);
      epochs.delete(record.epoch);
      epochs.set(record.epoch, own);
    }
  }
  const records: JournalRecord[] = [];
  let unchained = 0;
  for (const own of epochs.values()) {
    let head: JournalRecord | null = null;
    for (const record of [...own.values()].sort((a, b) => a.sequence - b.sequence)) {
      if (record.sequence === (head?.sequence ?? record.sequence) + 1 && findFault(record, head, hashText) !== null)
        unchained += 1;
      records.push(record);
      head = record;
    }
  }
  return { records, unchained };
}

/** As people read it: `5, 9-11`. */
export const showSpans = (spans: readonly Span[]): string =>
  spans.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
