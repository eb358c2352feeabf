import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { journalRecord } from '#contract/audit.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { replaceFile } from './journal-file.ts';
import { createKeeper } from './keeper.ts';
import { codeOf, type Log } from './log.ts';
import type { TerminalSecret } from './terminal-secret.ts';

const { epoch, sequence, hash } = journalRecord.shape;
const headShape = z.strictObject({ epoch, sequence, hash });
const shape = z.strictObject({ run: z.int().min(0), head: headShape.nullable(), mac: z.string() });

/**
 * The newest record of the journal, kept outside its folder under a key of the keychain, with the number of the run: a
 * journal whose end was removed is seen, and so is a whole data folder that was put back from an older copy.
 */
export interface OutsideHead {
  readonly head: ChainHead | null;
  readonly restored: boolean;
  keep(head: ChainHead): void;
  /** Writes what it knows, and ends. */
  stop(): Promise<void>;
}

export interface OutsideHeadDeps {
  readonly path: string;
  readonly secret: TerminalSecret;
  readonly log: Log;
  /** Milliseconds between two writes: what came in between is known to the next one. */
  readonly every?: number;
  /** Milliseconds after which one that failed is tried again. */
  readonly retryEvery?: number;
}

export async function openOutsideHead(deps: OutsideHeadDeps): Promise<OutsideHead> {
  const { log, path, secret } = deps;
  const key = secret.key('head');
  const macOf = (run: number, head: ChainHead | null): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([run, head?.epoch, head?.sequence, head?.hash]))
      .digest('base64url');

  async function read(): Promise<{ run: number; head: ChainHead | null } | null> {
    try {
      const parsed = shape.safeParse(JSON.parse(await readFile(path, 'utf8')));
      if (!parsed.success) return null;
      const { run, head, mac } = parsed.data;
      const [given, right] = [Buffer.from(mac), Buffer.from(macOf(run, head))];
      return given.length === right.length && timingSafeEqual(given, right) ? { run, head } : null;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') log.warn('head-unreadable', { code: codeOf(error) });
      return null;
    }
  }

  const kept = await read();
  // A terminal that has run before has such a file, of the last run or of one that ended right after writing it.
  const restored = secret.run > 0 && (kept === null || kept.run < secret.run);
  const run = Math.max(secret.run, kept?.run ?? 0) + 1;
  let newest = kept?.head ?? null;
  let begun = false;
  const keeper = createKeeper({
    async put() {
      await replaceFile(path, JSON.stringify({ run, head: newest, mac: macOf(run, newest) }));
      // A run that left no file is none: the next one would take the file that is there for an older copy.
      if (!begun) await secret.begin(run);
      begun = true;
    },
    onFailed: (error) => log.warn('head-not-kept', { code: codeOf(error) }),
    ...(deps.retryEvery === undefined ? {} : { retryEvery: deps.retryEvery }),
  });
  // On a disk that is full, or cannot be written, the terminal starts all the same.
  await keeper.keep();

  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    void keeper.keep();
  };
  return {
    head: kept?.head ?? null,
    restored,
    keep({ epoch: its, sequence: at, hash: of }) {
      newest = { epoch: its, sequence: at, hash: of };
      timer ??= setTimeout(flush, deps.every ?? 1_000);
    },
    async stop() {
      clearTimeout(timer);
      if (timer !== undefined) flush();
      await keeper.stop();
    },
  };
}
