import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import type { HeldKeys } from './held-keys.ts';
import { keyFileIn, readKeyRings } from './key-file.ts';
import { versionOf } from './key-ring.ts';
import type { Database } from './store/database.ts';
import { forgetHolder, noteHolder } from './store/key-holders.ts';
import { checkKeyMarks } from './store/key-marks.ts';
import { createUuid } from './store/uuid.ts';

export interface KeyWatchDeps {
  readonly dataFolder: string;
  readonly database: Database;
  readonly keys: HeldKeys;
  readonly now: () => Date;
  readonly log: Logger;
  /** Called when this process works with other keys than before; only then it says that it holds them. */
  readonly onTaken: () => Promise<void>;
  /** Milliseconds between two looks at the file. */
  readonly everyMs: number;
}

/** So often a process says that it still runs (milliseconds). */
const sayEvery = 5000;

/** What tells one state of a file from another without reading it; a file on another machine tells nobody that it changed. */
const printOf = (path: string): string => {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
};

/**
 * Takes new keys while the server runs: it looks at the key file every second. A file that cannot be used changes nothing
 * and is looked at again. Resolves once the other processes can know that this one runs; answers how to stop.
 */
export const startKeyWatch = async (deps: KeyWatchDeps): Promise<() => Promise<void>> => {
  const { database, dataFolder, keys, log, now } = deps;
  const path = keyFileIn(dataFolder);
  const id = createUuid(now());
  const startedAt = now();
  let taken = '';
  /** The state of the keys that everything in this process works with. */
  let version = keys.version();
  let said = 0;
  let complaint = '';
  let working: Promise<void> | undefined;

  const say = async (): Promise<void> => {
    await noteHolder(database, { id, startedAt, version });
    said = performance.now();
  };
  const take = async (print: string): Promise<void> => {
    const rings = readKeyRings(dataFolder);
    if (rings === undefined) throw new Error(`${path} is gone`);
    if (versionOf(rings) !== version) {
      await checkKeyMarks(database, rings, now());
      keys.take(rings);
      await deps.onTaken();
      version = keys.version();
      await say();
      log.info({ version }, 'other keys are in use');
    }
    taken = print;
  };
  const look = async (): Promise<void> => {
    try {
      const print = printOf(path);
      if (print !== taken) await take(print);
      if (performance.now() - said > sayEvery) await say();
      complaint = '';
    } catch (problem) {
      const { message } = problem as Error;
      if (message !== complaint)
        log.error({ err: problem }, 'the keys in the data folder cannot be taken; the ones before stay in use');
      complaint = message;
    }
  };
  await say();
  // What became of the keys after this process had read them, and before anybody could wait for it.
  await look();
  const timer = setInterval(() => {
    working ??= look().finally(() => {
      working = undefined;
    });
  }, deps.everyMs);
  return async () => {
    clearInterval(timer);
    await working;
    await forgetHolder(database, id).catch(() => undefined);
  };
};
