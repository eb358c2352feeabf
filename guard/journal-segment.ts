import { createHmac, createSecretKey, hash as digest, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type JournalRecord, journalRecord } from '#contract/audit.ts';
import { findFault, type HashText } from '#core/audit/chain.ts';

/** A line of a segment: the record, and by whose key it was written. */
const line = journalRecord.extend({ mac: z.string().optional() });

/** By the platform's own code: every event of a login waits for it, and a start for those of thirty days. */
export const hashText: HashText = (text) => digest('sha256', text, 'hex');

/** HMAC-SHA-256 of a record's hash under the terminal's journal key, base64url. */
const macOf = (hash: string, key: Uint8Array): string =>
  createHmac('sha256', readyKey(key)).update(hash).digest('base64url');

/** Made once: every event of a login waits for it. */
const readyKeys = new WeakMap<Uint8Array, KeyObject>();
function readyKey(key: Uint8Array): KeyObject {
  const ready = readyKeys.get(key) ?? createSecretKey(key);
  readyKeys.set(key, ready);
  return ready;
}

/** Without a key, where no keychain answers, a record is written all the same and counts as unproven. */
export const writeLine = (record: JournalRecord, key: Uint8Array | null): string =>
  key === null
    ? `${JSON.stringify(record)}\n`
    : `${JSON.stringify(record).slice(0, -1)},"mac":"${macOf(record.hash, key)}"}\n`;

/** What stands in one segment of a journal. */
export interface SegmentContent {
  /** Sound by themselves, as they stand in the file. */
  readonly records: readonly JournalRecord[];
  /** Stretches of text that are no sound record: changed after they were written. */
  readonly broken: number;
  /** Bytes of a write that was never finished: nobody was told of it. */
  readonly tornBytes: number;
  /** Sound records that this terminal's key does not vouch for. */
  readonly unproven: number;
  /** Damage is the last thing in it: the record after the last sound one may be lost. */
  readonly brokenAtEnd: boolean;
  /** Bytes up to the end of the last line that was finished. */
  readonly end: number;
}

const newLine = 0x0a;
/** Every record begins so, and no text inside one does: its quotes are escaped there. */
const beginning = '{"epoch":"';

/** Reads whatever is there: each record that holds is found again behind any damage. */
export function readSegment(bytes: Buffer, key: Uint8Array | null): SegmentContent {
  const records: JournalRecord[] = [];
  const found = { broken: 0, tornBytes: 0, unproven: 0, brokenAtEnd: false };
  let end = 0;

  const take = (text: string): boolean => {
    const parsed = parseLine(text);
    if (parsed === null) return false;
    const { mac, ...record } = parsed;
    records.push(record);
    found.brokenAtEnd = false;
    if (key !== null && !isVouched(record.hash, mac, key)) found.unproven += 1;
    return true;
  };
  /** Records that run into each other, or stand behind something else, are told apart by how they begin. */
  const takeParts = (text: string): { readonly sound: number; readonly lost: boolean } => {
    const starts = [...text.matchAll(/\{"epoch":"/g)].map(({ index }) => index);
    const parts = starts.map((start, place) => text.slice(start, starts[place + 1]));
    const taken = parts.map((part) => take(part.slice(0, part.lastIndexOf('}') + 1)));
    return { sound: taken.filter(Boolean).length, lost: taken.at(-1) !== true };
  };

  const written = bytes.subarray(0, lengthWritten(bytes));
  for (let start = 0; start < written.length; ) {
    const at = written.indexOf(newLine, start);
    const stop = at === -1 ? written.length : at;
    const text = written.toString('utf8', start, stop);
    const finished = at !== -1 && !text.includes('\0');
    start = stop + 1;
    if (finished && text.startsWith(beginning) && take(text)) {
      end = start;
      continue;
    }
    const { sound, lost } = takeParts(text);
    if (sound > 0 || finished) {
      found.broken += 1;
      found.brokenAtEnd = lost;
      end = Math.min(start, written.length);
    } else found.tornBytes += Buffer.byteLength(text);
  }
  return { records, ...found, end };
}

/** What was never written is zeros. */
function lengthWritten(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return length;
}

function parseLine(text: string): z.infer<typeof line> | null {
  try {
    const parsed = line.safeParse(JSON.parse(text));
    if (!parsed.success) return null;
    const { mac: _, ...record } = parsed.data;
    return findFault(record, null, hashText) === 'hash' ? null : parsed.data;
  } catch {
    return null;
  }
}

function isVouched(hash: string, given: string | undefined, key: Uint8Array): boolean {
  const [mac, right] = [Buffer.from(given ?? ''), Buffer.from(macOf(hash, key))];
  return mac.length === right.length && timingSafeEqual(mac, right);
}
