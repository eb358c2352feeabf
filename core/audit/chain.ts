import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { JournalRecord } from '#contract/audit.ts';

/** What stands in `previous` of the first record of a journal. */
export const firstPrevious = '0'.repeat(64);

/** A record that has no hash yet. */
export type UnsealedRecord = Omit<JournalRecord, 'hash'>;

/**
 * One text for one JSON value (RFC 8785): members by UTF-16 code units, no white space, numbers as ECMAScript writes them.
 * A member whose value is `undefined` counts as absent. Throws on what JSON cannot carry.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('JSON carries finite numbers only');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`JSON does not carry a ${typeof value}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 over the canonical form of everything in the record but `hash`, hexadecimal. */
function hashRecord(record: UnsealedRecord): string {
  const { epoch, sequence, previous, at, facts } = record;
  return bytesToHex(sha256(utf8ToBytes(canonical({ epoch, sequence, previous, at, facts }))));
}

export const sealRecord = (record: UnsealedRecord): JournalRecord => ({ ...record, hash: hashRecord(record) });

/** What must hold between a record and the one before it. */
export interface ChainHead {
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
}

export type ChainFault = 'hash' | 'epoch' | 'sequence' | 'previous';

/** The first thing that is wrong with a record, or `null`. `head` is `null` where it must be the first of its journal. */
export function findFault(record: JournalRecord, head: ChainHead | null): ChainFault | null {
  if (record.hash !== hashRecord(record)) return 'hash';
  if (head !== null && record.epoch !== head.epoch) return 'epoch';
  if (record.sequence !== (head?.sequence ?? 0) + 1) return 'sequence';
  if (record.previous !== (head?.hash ?? firstPrevious)) return 'previous';
  return null;
}
