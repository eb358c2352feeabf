/** A terminal's journal, read from outside: from its form alone (decision 16), with nothing of the product's own reader. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FoundRecord {
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
  readonly at: string;
  readonly facts: { readonly kind: string; readonly session?: string | null; readonly reason?: string | null };
  /** Where its line lies. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export const segmentsIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map(({ name }) => join(folder, name))
    .sort();

const parseLine = (bytes: Buffer): Pick<FoundRecord, 'epoch' | 'sequence' | 'hash' | 'at' | 'facts'> | undefined => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};

/** Members by their names, without white space (RFC 8785). */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
};

/** SHA-256 of everything in a record but its hash and its proof. */
export const hashOf = ({ hash: _, mac: __, ...record }: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(canonical(record)).digest('hex');

/** A record that a bit was changed in is none, whatever name and hash it has now. */
const isSound = (bytes: Buffer, { hash, length, offset }: FoundRecord): boolean =>
  hashOf(JSON.parse(bytes.toString('utf8', offset, offset + length))) === hash;

/** Records of one file, in their order; what is none is passed over. */
export const readSegment = (path: string): FoundRecord[] => {
  const bytes = readFileSync(path);
  const found: FoundRecord[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; start = end + 1, end = bytes.indexOf(10, start)) {
    const line = bytes.subarray(start, end);
    const parsed = parseLine(line);
    if (parsed?.hash === undefined) continue;
    const { epoch, sequence, hash, at, facts } = parsed;
    found.push({ epoch, sequence, hash, at, facts, path, offset: start, length: line.length });
  }
  return found;
};

/**
 * Every sound record that a terminal has on its disk, each once. Where a segment goes on from a number that an earlier one has
 * passed, the later one holds: the flush of the earlier one had failed.
 */
export const readJournal = (folder: string): FoundRecord[] => {
  const epochs = new Map<string, Map<number, FoundRecord>>();
  for (const path of segmentsIn(folder)) {
    const bytes = readFileSync(path);
    const records = readSegment(path).filter((record) => isSound(bytes, record));
    const [first] = records;
    const before = first && epochs.get(first.epoch);
    if (first && before) for (const number of before.keys()) if (number >= first.sequence) before.delete(number);
    for (const record of records) {
      const own = epochs.get(record.epoch) ?? new Map<number, FoundRecord>();
      own.set(record.sequence, record);
      epochs.set(record.epoch, own);
    }
  }
  return [...epochs.values()].flatMap((own) => [...own.values()]);
};

/** The newest record of this kind. Segments are read from the newest on. */
export const findNewest = (folder: string, kind: string): FoundRecord | undefined => {
  for (const path of segmentsIn(folder).reverse()) {
    const found = readSegment(path).findLast(({ facts }) => facts.kind === kind);
    if (found !== undefined) return found;
  }
  return undefined;
};
