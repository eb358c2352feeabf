import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { journalRecord } from '#contract/audit.ts';
import { assurance } from '#contract/card.ts';
import { personId } from '#contract/ids.ts';
import type { ChainHead } from '#core/audit/chain.ts';
import { replaceFile } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';
import type { Keychain } from './vault.ts';

const entry = z.strictObject({
  /** Index of the card. */
  card: z.string(),
  person: personId,
  assurance,
  loginAt: z.number(),
  failures: z.int().min(0),
  /** Public key of a card that signs (SPKI, DER, base64url), as it proved itself to the server. */
  publicKey: z.string().optional(),
  salt: z.string(),
  greeting: z.string(),
  verifier: z.string(),
});
export type OfflineEntry = z.infer<typeof entry>;

const content = z.strictObject({
  /** The latest time that was known when it was written, by the server's clock. */
  seen: z.number(),
  /** What the server said last that holds. */
  policy: z.unknown(),
  entries: z.array(entry).max(5_000),
});
export type OfflineContent = z.infer<typeof content>;

const { epoch, sequence } = journalRecord.shape;
/** SHA-256 of the file that holds; while it is being replaced, also of the next one. And how far the journal had come. */
const anchor = z.strictObject({
  now: z.string(),
  next: z.string().optional(),
  head: z.strictObject({ epoch, sequence }).optional(),
  /** An older copy was found, and the journal may not have it yet. */
  untold: z.literal(true).optional(),
});
type Anchor = Pick<z.infer<typeof anchor>, 'now' | 'next'>;
type Place = Pick<ChainHead, 'epoch' | 'sequence'>;

export interface OfflineStoreDeps {
  readonly path: string;
  readonly keychain: Keychain;
  readonly account: string;
  readonly log: Log;
}

/** Keeps the file, and in the keychain which file it is: one from before is not taken. */
export interface OfflineStore {
  readonly content: OfflineContent;
  /** The file was an older copy, or changed by hand, and nothing of it was taken. Said at each start until the journal has it. */
  readonly rolledBack: boolean;
  /** The journal has it. Throws when that cannot be kept: then it is said once more. */
  noteTold(): Promise<void>;
  /** Resolves when it is durable and nothing older is taken any more. Throws when that cannot be. */
  save(next: OfflineContent): Promise<void>;
  /** How far the journal had come when the keychain was told last. */
  readonly head: Place | null;
  /** The journal has come so far; whoever saves next tells the keychain. */
  noteHead(head: Place): void;
  /** Resolves when the keychain knows how far the journal has come. Throws when that cannot be. */
  keepHead(): Promise<void>;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
const nothing: OfflineContent = { seen: 0, policy: null, entries: [] };

/** Throws where no keychain answers. */
export async function openOfflineStore({ account, keychain, log, path }: OfflineStoreDeps): Promise<OfflineStore> {
  const known = parse(anchor, await keychain.tryRead(account));
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') log.warn('offline-unreadable', { code: codeOf(error) });
    return undefined;
  });
  const found = parse(content, text);
  const isNewest = text !== undefined && known !== null && [known.now, known.next].includes(hashOf(text));
  const isOlder = known !== null && !isNewest;
  const rolledBack = isOlder || known?.untold === true;
  let untold = rolledBack;
  let current = known?.now ?? '';
  let head: Place | undefined = known?.head;
  let writing: Promise<void> = Promise.resolve();
  let written: Anchor | null = known;
  async function write(to: Anchor): Promise<void> {
    const { now, next } = to;
    await keychain.write(account, JSON.stringify({ now, next, head, ...(untold ? { untold } : {}) }));
    written = to;
  }

  async function put(next: OfflineContent): Promise<void> {
    const whole = JSON.stringify(next);
    const hash = hashOf(whole);
    // Cut short here, the file from before still holds; cut short below, either does, and no try was looked at yet.
    await write({ now: current, next: hash });
    await replaceFile(path, whole);
    await write({ now: hash });
    current = hash;
  }

  function inTurn(task: () => Promise<void>): Promise<void> {
    const done = writing.then(task);
    writing = done.catch((error: unknown) => log.error('offline-not-kept', { code: codeOf(error) }));
    return done;
  }

  const store: OfflineStore = {
    content: isNewest && found !== null ? found : nothing,
    rolledBack,
    noteTold: () =>
      inTurn(async () => {
        untold = false;
        if (written !== null) await write(written);
      }),
    save: (next) => inTurn(() => put(next)),
    head: known?.head ?? null,
    noteHead(next) {
      const isOther = next.epoch !== head?.epoch;
      head = { epoch: next.epoch, sequence: next.sequence };
      // At once: the journal of the epoch before may be gone when somebody looks for it.
      if (isOther) void store.keepHead().catch(() => undefined);
    },
    // Where nothing was ever kept nobody was let in either.
    keepHead: () => inTurn(async () => (written === null ? undefined : write(written))),
  };
  // Where both hold, only the one that was read does from now on.
  if (isNewest && text !== undefined && known.next !== undefined) {
    current = hashOf(text);
    // Not written, either still holds: nothing is looked at before a whole save.
    await write({ now: current }).catch((error: unknown) => log.error('offline-not-kept', { code: codeOf(error) }));
  } else if (isOlder) await store.save(nothing).catch(() => undefined);
  return store;
}

/** What stands in such a file, whether it holds or not. */
export const readOfflineEntries = (text: string | undefined): readonly OfflineEntry[] =>
  parse(content, text)?.entries ?? [];

function parse<Value>(schema: z.ZodType<Value>, text: string | undefined): Value | null {
  if (text === undefined) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
