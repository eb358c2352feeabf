import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64, tryDecodeBase64 } from './base64.ts';
import type { Hash } from './merkle.ts';

/** How an event's line is written into an export: the bytes that were hashed stand in it as they are. */
export const formatKept = (position: number, leaf: Hash, line: string): string =>
  `{"position":${position},"leaf":"${toBase64(leaf)}","event":${line}}\n`;

/** A line that is no longer kept: what remains of it is its number and its hash. */
export const formatDropped = (position: number, leaf: Hash, seq: number): string =>
  `{"position":${position},"leaf":"${toBase64(leaf)}","seq":${seq}}\n`;

export const formatCheckpointLine = (note: string): string => `${JSON.stringify({ checkpoint: note })}\n`;

/** A line that is in the database and has no place in the log. */
export const formatStray = (line: string): string => `{"stray":${line}}\n`;

export interface ExportedLine {
  readonly position: number;
  readonly leaf: Hash;
  /** Its number when it was written; they grow with the positions. */
  readonly seq: number;
  /** The bytes that were hashed; undefined for one that is no longer kept. */
  readonly event: Uint8Array | undefined;
}

const marks = {
  position: utf8ToBytes('{"position":'),
  stray: utf8ToBytes('{"stray":'),
  leaf: utf8ToBytes(',"leaf":"'),
  event: utf8ToBytes('","event":'),
  seq: utf8ToBytes('","seq":'),
  eventSeq: utf8ToBytes('{"seq":'),
};
const hashDigits = 44;
const closing = 0x7d;

/** Whether these bytes stand there. */
export const hasAt = (bytes: Uint8Array, at: number, mark: Uint8Array): boolean => {
  for (let place = 0; place < mark.length; place += 1) if (bytes[at + place] !== mark[place]) return false;
  return true;
};

/** Where the digits that begin at `at` end. */
const endOfDigits = (bytes: Uint8Array, at: number): number => {
  let end = at;
  while ((bytes[end] ?? 0) >= 0x30 && (bytes[end] ?? 0) <= 0x39) end += 1;
  return end;
};

/** A whole number without leading zeros; -1 where it is none. */
const numberAt = (bytes: Uint8Array, at: number, end: number): number => {
  if (end === at || end - at > 15 || (bytes[at] === 0x30 && end > at + 1)) return -1;
  let value = 0;
  for (let place = at; place < end; place += 1) value = value * 10 + ((bytes[place] as number) - 0x30);
  return value;
};

export const isStray = (line: Uint8Array): boolean => hasAt(line, 0, marks.stray);

export const isEventLine = (line: Uint8Array): boolean => hasAt(line, 0, marks.position);

/** Undefined where it is none of ours. `line` is without the line feed. */
export const tryParseExported = (line: Uint8Array): ExportedLine | undefined => {
  if (!isEventLine(line) || line.at(-1) !== closing) return undefined;
  const positionEnd = endOfDigits(line, marks.position.length);
  const position = numberAt(line, marks.position.length, positionEnd);
  if (position < 0 || !hasAt(line, positionEnd, marks.leaf)) return undefined;
  const leafAt = positionEnd + marks.leaf.length;
  const leaf = tryDecodeBase64(line, leafAt, leafAt + hashDigits);
  if (leaf?.length !== 32) return undefined;
  const after = leafAt + hashDigits;
  const isKept = hasAt(line, after, marks.event);
  if (!isKept && !hasAt(line, after, marks.seq)) return undefined;
  const event = isKept ? line.subarray(after + marks.event.length, line.length - 1) : undefined;
  if (event !== undefined && !hasAt(event, 0, marks.eventSeq)) return undefined;
  const [text, at] =
    event === undefined ? ([line, after + marks.seq.length] as const) : ([event, marks.eventSeq.length] as const);
  const end = endOfDigits(text, at);
  const seq = numberAt(text, at, end);
  if (seq < 0 || (event === undefined && end !== line.length - 1)) return undefined;
  return { position, leaf, seq, event };
};
