import { hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { codeOf, type Log } from './log.ts';
import type { Keychain } from './vault.ts';

const shape = z.strictObject({
  /** 32 bytes, base64. */
  secret: z.string(),
  /** How often a guard has started with it: a copy of the folder from before knows a smaller number. */
  run: z.int().min(0),
});

/** What this terminal alone knows: random, in the operating system's keychain and nowhere else. */
export interface TerminalSecret {
  /** A key for one use alone (HKDF-SHA-256, RFC 5869). */
  key(purpose: string): Buffer;
  readonly run: number;
  /** Notes that a run has begun. Whoever keeps the number in a file writes the file first. */
  begin(run: number): Promise<void>;
}

/** Undefined where no keychain answers. */
export async function openTerminalSecret(deps: {
  readonly keychain: Keychain;
  readonly account: string;
  readonly log: Log;
}): Promise<TerminalSecret | undefined> {
  const { account, keychain, log } = deps;
  try {
    const kept = parse(await keychain.tryRead(account));
    const { secret, run } = kept ?? { secret: randomBytes(32).toString('base64'), run: 0 };
    const write = (now: number) => keychain.write(account, JSON.stringify({ secret, run: now }));
    if (kept === null) await write(run);
    const bytes = Buffer.from(secret, 'base64');
    return {
      run,
      key: (purpose) => Buffer.from(hkdfSync('sha256', bytes, '', `kazasu terminal ${purpose}`, 32)),
      begin: write,
    };
  } catch (error) {
    log.error('terminal-secret-absent', { code: codeOf(error) });
    return undefined;
  }
}

function parse(text: string | undefined): z.infer<typeof shape> | null {
  if (text === undefined) return null;
  try {
    return shape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
