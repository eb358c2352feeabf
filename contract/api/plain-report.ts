import { z } from 'zod';
import { eventKinds, factor, outcome } from '../audit.ts';

/** The very patterns of the schema. */
const uuid = z.regexes.uuid();
const instant = z.regexes.datetime({ offset: true });
const noHash = /[^0-9a-f]/;
const kinds: ReadonlySet<unknown> = new Set(Object.keys(eventKinds));
const outcomes: ReadonlySet<unknown> = new Set(outcome.options);
const factors: ReadonlySet<unknown> = new Set(factor.options);

const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);
const isShort = (given: unknown, most: number): given is string => typeof given === 'string' && given.length <= most;
const isId = (given: unknown): boolean => given == null || (typeof given === 'string' && uuid.test(given));

const isFact = (name: string, value: unknown): boolean =>
  name !== '__proto__' &&
  name.length <= 40 &&
  (isShort(value, 200) || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)));

const isDetail = (given: unknown): boolean => {
  if (!isObject(given)) return false;
  for (const name in given) if (!isFact(name, given[name])) return false;
  return true;
};

const isMemberOfFacts = (name: string, value: unknown): boolean => {
  switch (name) {
    case 'kind':
      return kinds.has(value);
    case 'outcome':
      return outcomes.has(value);
    case 'person':
    case 'actor':
    case 'card':
    case 'attempt':
    case 'session':
    case 'ceremony':
      return isId(value);
    case 'factors':
      return Array.isArray(value) && value.every((one) => factors.has(one));
    case 'reason':
      return value == null || isShort(value, 80);
    case 'supportCode':
      return value == null || isShort(value, 16);
    case 'detail':
      return isDetail(value);
    default:
      return false;
  }
};

const isFacts = (given: unknown): boolean => {
  if (!isObject(given)) return false;
  for (const name in given) if (!isMemberOfFacts(name, given[name])) return false;
  const { detail, factors: presented, kind, outcome: end } = given;
  return kind !== undefined && end !== undefined && presented !== undefined && detail !== undefined;
};

const isHash = (given: unknown): boolean => typeof given === 'string' && given.length === 64 && !noHash.test(given);

const recordMembers = 6;

/** What is the same in the record before, which was looked at already, is not looked at again. */
const isRecord = (given: unknown, place: number, records: readonly unknown[]): boolean => {
  if (!isObject(given)) return false;
  const { at, epoch, facts, hash, previous, sequence } = given;
  let members = 0;
  for (const _ in given) members += 1;
  const before = place === 0 ? undefined : (records[place - 1] as Readonly<Record<string, unknown>>);
  return (
    members === recordMembers &&
    ((before !== undefined && epoch === before['epoch']) ||
      (typeof epoch === 'string' && uuid.test(epoch) && epoch === epoch.toLowerCase())) &&
    Number.isSafeInteger(sequence) &&
    (sequence as number) >= 1 &&
    ((before !== undefined && previous === before['hash']) || isHash(previous)) &&
    typeof at === 'string' &&
    instant.test(at) &&
    isHash(hash) &&
    isFacts(facts)
  );
};

const reportMembers: ReadonlySet<string> = new Set(['records', 'incarnation', 'after', 'signature']);

/**
 * Of a body that was parsed from JSON: true where the schema of a report would take it as it stands, which costs a tenth of
 * asking the schema. False says nothing: the schema is asked then.
 */
export const isPlainReport = (given: unknown): boolean => {
  if (!isObject(given)) return false;
  for (const name in given) if (!reportMembers.has(name)) return false;
  const { after, incarnation, records, signature } = given;
  return (
    Array.isArray(records) &&
    records.length >= 1 &&
    records.length <= 500 &&
    (incarnation === undefined || (typeof incarnation === 'string' && uuid.test(incarnation))) &&
    (after === undefined || (Number.isSafeInteger(after) && (after as number) >= 0)) &&
    (signature === undefined || isShort(signature, 200)) &&
    records.every(isRecord)
  );
};
