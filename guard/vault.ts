import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Admission, admission, type Trust } from '#contract/api/terminals.ts';
import { fail, type Result, succeed } from '#contract/errors.ts';
import type { TerminalId } from '#contract/ids.ts';
import { type Identity, joinIdentity } from './identity.ts';
import { replaceFile } from './journal-file.ts';
import { codeOf, type Log } from './log.ts';

/** The operating system's keychain, as it is given to the guard. Each call throws where there is none. */
export interface Keychain {
  tryRead(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

export interface VaultDeps {
  readonly folder: string;
  readonly keychain: Keychain;
  readonly log: Log;
}

/** Keeps who this terminal is. The private key is in the keychain alone; there is no file to fall back to. */
export interface Vault {
  /** Who this terminal was when the vault was opened, by its file alone; `null` where it was nobody. */
  readonly terminal: TerminalId | null;
  /** Whether it was this code that made it what it is. */
  wasEnrolledBy(code: string): boolean;
  /** `null` where the terminal was never enrolled or what is kept does not fit together; INTERNAL where no keychain answers. */
  load(): Promise<Result<Identity | null, 'INTERNAL'>>;
  /** Keeps a certificate and its key. Whenever the terminal stops, the one before or this one is whole. `code` enrolled it. */
  save(admitted: Admission, privateKey: string, code?: string): Promise<Result<Identity, 'INTERNAL'>>;
  /** Keeps what it trusts its server by. */
  keepTrust(trust: Trust): Promise<Result<Identity, 'INTERNAL'>>;
}

const stored = admission.extend({ code: z.string().optional() });
type Stored = z.infer<typeof stored>;

/** One-time codes are random: a hash tells nothing of one. */
const hashCode = (code: string): string => createHash('sha256').update(code.trim()).digest('hex');

export async function createVault(deps: VaultDeps): Promise<Vault> {
  const { keychain, log } = deps;
  await mkdir(deps.folder, { recursive: true, mode: 0o700 });
  const path = join(deps.folder, 'terminal.json');
  const account = `terminal ${await realpath(deps.folder)}`;
  /** A new key lies beside the one in use until the file names its certificate; then the other place is free. */
  const places = [account, `${account} (second key)`] as const;
  let kept = parseStored(await readStored());
  let inUse: string | undefined;
  let work: Promise<unknown> = Promise.resolve();

  async function readStored(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') log.warn('admission-unreadable', { code: codeOf(error) });
      return undefined;
    }
  }

  /** One after the other: what changes a part of what is kept must not undo what changed another. */
  function inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = work.then(task, task);
    work = done.catch(() => undefined);
    return done;
  }

  async function find(): Promise<Identity | null> {
    // Asked first: a terminal without a keychain should say so before anything else.
    const keys = [await keychain.tryRead(places[0]), await keychain.tryRead(places[1])];
    if (kept === null) return null;
    const { code: _, ...admitted } = kept;
    for (const [index, key] of keys.entries()) {
      const identity = key === undefined ? null : joinIdentity(admitted, key);
      if (identity === null) continue;
      inUse = places[index];
      return identity;
    }
    if (keys.some((key) => key !== undefined)) log.warn('identity-broken');
    return null;
  }

  async function keep(next: Stored, privateKey: string): Promise<Result<Identity, 'INTERNAL'>> {
    const { code: _, ...admitted } = next;
    const identity = joinIdentity(admitted, privateKey);
    if (identity === null) {
      log.error('admission-foreign');
      return fail('INTERNAL');
    }
    const before = inUse;
    const hasKey = before !== undefined && (await keychain.tryRead(before)) === privateKey;
    const place = hasKey ? before : (places.find((one) => one !== before) ?? account);
    if (!hasKey) await keychain.write(place, privateKey);
    await replaceFile(path, `${JSON.stringify(next, null, 2)}\n`);
    [kept, inUse] = [next, place];
    // Left where it lies, the key is of no use any more and its place is taken by the next one.
    if (before !== undefined && before !== place) {
      await keychain.remove(before).catch((error: unknown) => log.warn('old-key-left', { code: codeOf(error) }));
    }
    return succeed(identity);
  }

  const orFail = async <Value>(task: Promise<Result<Value, 'INTERNAL'>>): Promise<Result<Value, 'INTERNAL'>> => {
    try {
      return await task;
    } catch (error) {
      log.error('identity-not-kept', { code: codeOf(error) });
      return fail('INTERNAL');
    }
  };

  return {
    terminal: kept?.terminal ?? null,
    wasEnrolledBy: (code) => kept?.code === hashCode(code),
    async load() {
      try {
        return succeed(await inTurn(find));
      } catch (error) {
        log.error('keychain-absent', { code: codeOf(error) });
        return fail('INTERNAL');
      }
    },
    save: (admitted, privateKey, code) =>
      orFail(
        inTurn(() => {
          const enrolledBy = code === undefined ? kept?.code : hashCode(code);
          return keep({ ...admitted, ...(enrolledBy === undefined ? {} : { code: enrolledBy }) }, privateKey);
        }),
      ),
    keepTrust: (trust) =>
      orFail(
        inTurn(async () => {
          const identity = await find();
          if (identity === null || kept === null) return fail('INTERNAL');
          return keep({ ...kept, ...trust }, identity.privateKey);
        }),
      ),
  };
}

/** `null` where nothing is kept or it is damaged. */
function parseStored(given: unknown): Stored | null {
  const parsed = stored.safeParse(withKeyNumbers(given));
  return parsed.success ? parsed.data : null;
}

/** What was kept before grant keys had numbers; the first one was number 1. */
function withKeyNumbers(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('grantKey' in given)) return given;
  const { grantKey, ...rest } = given;
  return { trustVersion: '', grantKeys: [{ id: 1, key: grantKey }], ...rest };
}
