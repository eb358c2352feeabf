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
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(member)}`;
  }
  return `{${text}}`;
}

/** SHA-256 of a text in UTF-8, hexadecimal. */
export type HashText = (text: string) => string;

const hashText: HashText = (text) => bytesToHex(sha256(utf8ToBytes(text)));

type Facts = JournalRecord['facts'];
type Early = 'actor' | 'attempt' | 'card' | 'ceremony';
type Late = 'factors' | 'kind' | 'outcome' | 'person' | 'reason' | 'session' | 'supportCode';
/** Nothing that could be given, once the facts have a member that is not written below. */
type Written = [Exclude<keyof Facts, Early | 'detail' | Late>] extends [never] ? Facts : never;

/** Members that are written as they stand come out in their order: none or one, or such as are in it and no numbers. */
const isOrdered = (names: readonly string[]): boolean =>
  names.every((name, place) => !/^\d/.test(name) && (place === 0 || (names[place - 1] as string) < name));

/**
 * The canonical form of everything in the record but `hash`. Its members are known, so they are put in their order here
 * and written by the engine at once: a server has tens of thousands to check in a second.
 */
export function canonicalRecord({ epoch, sequence, previous, at, facts }: UnsealedRecord): string {
  const written: Written = facts;
  const { actor, attempt, card, ceremony, detail, factors, kind, outcome, person, reason, session, supportCode } =
    written;
  if (!isOrdered(Object.keys(detail))) return canonical({ epoch, sequence, previous, at, facts });
  const ordered = {
    actor,
    attempt,
    card,
    ceremony,
    detail,
    factors,
    kind,
    outcome,
    person,
    reason,
    session,
    supportCode,
  };
  return JSON.stringify({ at, epoch, facts: ordered, previous, sequence });
}

export const sealRecord = (record: UnsealedRecord, hash = hashText): JournalRecord => ({
  ...record,
  hash: hash(canonicalRecord(record)),
});

/** What must hold between a record and the one before it. */
export interface ChainHead {
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
}

export type ChainFault = 'hash' | 'epoch' | 'sequence' | 'previous';

/**
 * The first thing that is wrong with a record, or `null`. `head` is `null` where it must be the first of its journal;
 * `hash` may be the platform's own.
 */
export function findFault(record: JournalRecord, head: ChainHead | null, hash = hashText): ChainFault | null {
  if (record.hash !== hash(canonicalRecord(record))) return 'hash';
  if (head !== null && record.epoch !== head.epoch) return 'epoch';
  if (record.sequence !== (head?.sequence ?? 0) + 1) return 'sequence';
  if (record.previous !== (head?.hash ?? firstPrevious)) return 'previous';
  return null;
}
