import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ReadLine, readLine } from '#core/audit/export.ts';
import { fastHashes } from './hashes.ts';

const lineFeed = 0x0a;
const hashBytes = 32;

/** What lines are, in the order of their numbers in `ReadBlock.kinds`. */
const kinds = ['other', 'unreadable', 'stray', 'kept', 'drop', 'changed', 'gone'] as const;
type Kind = (typeof kinds)[number];
const numberOf = Object.fromEntries(kinds.map((kind, number) => [kind, number])) as Record<Kind, number>;

/** Lines of an export that were read, as one thread hands them to another. */
export interface ReadBlock {
  readonly count: number;
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly positions: Float64Array<ArrayBuffer>;
  readonly seqs: Float64Array<ArrayBuffer>;
  /** 32 bytes each. */
  readonly leaves: Uint8Array<ArrayBuffer>;
  /** Of such as are needed as they stand, by their place among the lines. */
  readonly texts: ReadonlyMap<number, Uint8Array>;
}

const kindOf = (line: ReadLine): Kind => {
  if (line.is !== 'event') return line.is;
  if (!line.isKept) return 'gone';
  if (!line.isSound) return 'changed';
  return line.drop === undefined ? 'kept' : 'drop';
};

const countLines = (bytes: Uint8Array): number => {
  let count = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) count += 1;
  return count;
};

/** Reads lines, each with its line feed: all that can be said of one without those before it. */
export const readBlock = (bytes: Uint8Array): ReadBlock => {
  const count = countLines(bytes);
  const texts = new Map<number, Uint8Array>();
  const block = {
    count,
    kinds: new Uint8Array(count),
    positions: new Float64Array(count),
    seqs: new Float64Array(count),
    leaves: new Uint8Array(count * hashBytes),
    texts,
  };
  let at = 0;
  for (let place = 0; place < count; place += 1) {
    const end = bytes.indexOf(lineFeed, at);
    const line = readLine(bytes.subarray(at, end), fastHashes);
    at = end + 1;
    block.kinds[place] = numberOf[kindOf(line)];
    if (line.is === 'other') texts.set(place, new Uint8Array(line.line));
    if (line.is !== 'event') continue;
    block.positions[place] = line.position;
    block.seqs[place] = line.seq;
    block.leaves.set(line.leaf, place * hashBytes);
    if (line.drop !== undefined) texts.set(place, new Uint8Array(line.drop));
  }
  return block;
};

/** One of its lines. */
export const lineAt = (block: ReadBlock, place: number): ReadLine => {
  const kind = kinds[block.kinds[place] as number] as Kind;
  if (kind === 'unreadable' || kind === 'stray') return { is: kind };
  if (kind === 'other') return { is: 'other', line: block.texts.get(place) as Uint8Array };
  return {
    is: 'event',
    position: block.positions[place] as number,
    leaf: block.leaves.subarray(place * hashBytes, (place + 1) * hashBytes),
    seq: block.seqs[place] as number,
    isKept: kind !== 'gone',
    isSound: kind !== 'changed',
    drop: kind === 'drop' ? block.texts.get(place) : undefined,
  };
};

/** Threads that read blocks beside this one. */
export interface LineReaders {
  /** False until all of them have begun, which takes as long as some blocks do. */
  readonly isReady: boolean;
  /** So many blocks keep all of them busy. */
  readonly depth: number;
  /** Rejects with what went wrong in the thread. */
  read(bytes: Uint8Array): Promise<ReadBlock>;
  close(): Promise<void>;
}

interface Asked {
  readonly resolve: (block: ReadBlock) => void;
  readonly reject: (problem: unknown) => void;
}

const startReader = () => {
  const worker = new Worker(new URL('./read-lines-thread.ts', import.meta.url));
  /** It answers in the order in which it is asked; `null` says that it has begun. */
  const asked: Asked[] = [];
  const state: { isReady: boolean; problem?: unknown } = { isReady: false };
  const fail = (problem: unknown): void => {
    state.problem ??= problem;
    for (const { reject } of asked.splice(0)) reject(state.problem);
  };
  worker.on('message', (block: ReadBlock | null) => {
    if (block === null) state.isReady = true;
    else asked.shift()?.resolve(block);
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a thread that read lines has ended')));
  return {
    state,
    read: (bytes: Uint8Array) =>
      new Promise<ReadBlock>((resolve, reject) => {
        if (state.problem !== undefined) return reject(state.problem);
        asked.push({ resolve, reject });
        worker.postMessage(bytes);
      }),
    close: () => worker.terminate(),
  };
};

const mostReaders = 4;

export const startLineReaders = (): LineReaders => {
  const readers = Array.from({ length: Math.min(availableParallelism(), mostReaders) }, startReader);
  let next = 0;
  return {
    get isReady() {
      return readers.every(({ state }) => state.isReady);
    },
    depth: readers.length * 2,
    read: (bytes) => {
      const reader = readers[next % readers.length];
      next += 1;
      if (reader === undefined) throw new Error('there is no thread to read lines');
      return reader.read(bytes);
    },
    close: async () => {
      await Promise.all(readers.map(({ close }) => close()));
    },
  };
};
