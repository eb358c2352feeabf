import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { terminalId } from '#contract/ids.ts';
import { replaceFile } from './journal-file.ts';
import { createKeeper } from './keeper.ts';
import { codeOf, type Log } from './log.ts';

const shape = z.strictObject({
  /** The terminal that came so far; `null` until it is admitted. */
  terminal: terminalId.nullable().default(null),
  /** For each epoch of the journal the last sequence that the server has confirmed. */
  uploaded: z.record(z.uuid(), z.int().min(1)),
  /** Every revocation up to this number is confirmed. */
  revocation: z.int().min(0),
});
export type Places = z.infer<typeof shape>;

/** How far this terminal has come with its server. Losing it costs a repetition and nothing else. */
export interface Position {
  get(): Places;
  change(part: Partial<Places>): void;
  /** Resolves when it was tried to write what was set last; what could not be written is tried again by itself. */
  settled(): Promise<void>;
  /** Tries once more, and ends. */
  stop(): Promise<void>;
}

export async function openPosition(path: string, log: Log, retryEvery?: number): Promise<Position> {
  let places = await readPlaces(path, log);
  const keeper = createKeeper({
    put: () => replaceFile(path, `${JSON.stringify(places)}\n`),
    onFailed: (error) => log.error('position-not-kept', { code: codeOf(error) }),
    ...(retryEvery === undefined ? {} : { retryEvery }),
  });

  return {
    get: () => places,
    change(part) {
      places = { ...places, ...part };
      void keeper.keep();
    },
    settled: keeper.tried,
    stop: keeper.stop,
  };
}

async function readPlaces(path: string, log: Log): Promise<Places> {
  const none: Places = { terminal: null, uploaded: {}, revocation: 0 };
  try {
    const parsed = shape.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (parsed.success) return parsed.data;
    log.warn('position-unreadable');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') log.warn('position-unreadable', { code: codeOf(error) });
  }
  return none;
}
