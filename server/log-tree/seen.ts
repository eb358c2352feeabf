import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Hash } from '#core/audit/merkle.ts';
import { writeWholeFile } from '../whole-file.ts';

/** What was signed last. */
export interface Seen {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** Names that the log had before this one: none of them is ever taken again. */
  readonly former: readonly string[];
}

/** Remembers it outside of the database: a database that was put back to an earlier state is found out by it. */
export interface SeenKeeper {
  /** By this process, and by another one of the same folder. */
  all(): readonly Seen[];
  put(seen: Seen): void;
  /** Writes down what was not yet. */
  close(): void;
}

const stored = z.strictObject({
  origin: z.string(),
  size: z.int().min(0),
  root: z.base64(),
  former: z.array(z.string()).default([]),
});

/** Written at most so often (milliseconds): what comes between is in the memory of the process, and with the terminals. */
const pause = 10_000;

export const createSeenFile = (dataFolder: string): SeenKeeper => {
  const path = join(dataFolder, 'log-seen.json');
  let written = Number.NEGATIVE_INFINITY;
  let isWaiting = false;

  const read = (): Seen | undefined => {
    try {
      const { root, ...rest } = stored.parse(JSON.parse(readFileSync(path, 'utf8')));
      return { ...rest, root: Buffer.from(root, 'base64') };
    } catch {
      // It is one witness of several: without it, terminals and auditors still find out.
      return undefined;
    }
  };
  let last = read();
  const write = (seen: Seen): void => {
    const before = read();
    isWaiting = false;
    // Another process of the server on the same folder may be ahead.
    if (before?.origin === seen.origin && before.size >= seen.size) return;
    if (before?.former.includes(seen.origin)) return;
    writeWholeFile(path, JSON.stringify({ ...seen, root: Buffer.from(seen.root).toString('base64') }));
    written = performance.now();
  };
  return {
    all: () => [last, read()].filter((one) => one !== undefined),
    put({ origin, size, root, former }) {
      const isNew = last?.origin !== origin;
      last = { origin, size, root, former };
      isWaiting = true;
      if (isNew || performance.now() - written >= pause) write(last);
    },
    close() {
      if (isWaiting && last !== undefined) write(last);
    },
  };
};

/** For where there is no folder. */
export const createSeenInMemory = (): SeenKeeper => {
  let seen: Seen | undefined;
  return {
    all: () => (seen === undefined ? [] : [seen]),
    put: (next) => {
      seen = next;
    },
    close: () => undefined,
  };
};
