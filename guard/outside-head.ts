import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { journalRecord } from '#contract/audit.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { replaceFile } from './journal-file.ts';
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
  settled(): Promise<void>;
}

export interface OutsideHeadDeps {
  readonly path: string;
  readonly secret: TerminalSecret;
  readonly log: Log;
  /** Milliseconds between two writes: what came in between is known to the next one. */
  readonly every?: number;
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
  const write = () => replaceFile(path, JSON.stringify({ run, head: newest, mac: macOf(run, newest) }));
  await write();
  await secret.begin(run);

  let dirty = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const flush = (): void => {
    timer = undefined;
    if (!dirty) return;
    dirty = false;
    writing = writing.then(write).catch((error: unknown) => log.warn('head-not-kept', { code: codeOf(error) }));
  };
  return {
    head: kept?.head ?? null,
    restored,
    keep({ epoch: its, sequence: at, hash: of }) {
      newest = { epoch: its, sequence: at, hash: of };
      dirty = true;
      timer ??= setTimeout(flush, deps.every ?? 1_000);
    },
    async settled() {
      clearTimeout(timer);
      flush();
      await writing;
    },
  };
}
