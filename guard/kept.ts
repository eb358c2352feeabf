import { realpath } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Log } from './log.ts';
import { createOfflineSeal, type OfflineSeal } from './offline-seal.ts';
import { type OfflineStore, openOfflineStore } from './offline-store.ts';
import { type OutsideHead, openOutsideHead } from './outside-head.ts';
import { openTerminalSecret, type TerminalSecret } from './terminal-secret.ts';
import { openTrustedTime, type TrustedTime } from './trusted-time.ts';
import type { Keychain } from './vault.ts';

export interface KeptDeps {
  readonly folder: string;
  readonly keychain: Keychain;
  /** Another one after each start of the machine. */
  readonly boot: string;
  readonly log: Log;
}

/** What hangs on the secret of this terminal. */
export interface Kept {
  readonly secret: TerminalSecret;
  readonly time: TrustedTime;
  readonly outside: OutsideHead;
  readonly seal: OfflineSeal;
  readonly store: OfflineStore;
  stop(): Promise<void>;
}

/** A keychain that does not answer at once must not keep the screen waiting for its first picture (milliseconds). */
const patience = 2_000;
/** How often it is written down how late it is (milliseconds). */
const timeEvery = 60_000;

/** Undefined where no keychain answers: then the server alone decides, and the journal has no proof in it. */
export async function openKept(deps: KeptDeps): Promise<Kept | undefined> {
  const { boot, folder, keychain, log } = deps;
  const place = await realpath(folder);
  const secret = await within(openTerminalSecret({ keychain, account: `secret ${place}`, log }));
  if (secret === undefined) return undefined;
  const time = await openTrustedTime({
    path: join(folder, 'time.json'),
    key: secret.key('time'),
    keychain,
    account: `time ${place}`,
    upTime: () => uptime() * 1_000,
    boot,
    wall: Date.now,
    log,
  });
  const outside = await openOutsideHead({ path: join(folder, 'head.json'), secret, log });
  const path = join(folder, 'offline.json');
  const store = await openOfflineStore({ path, keychain, account: `offline ${place}`, log });
  const timer = setInterval(() => void time.keep(), timeEvery);
  return {
    secret,
    time,
    outside,
    seal: createOfflineSeal(secret),
    store,
    async stop() {
      clearInterval(timer);
      await Promise.all([outside.stop(), time.keep()]);
    },
  };
}

async function within<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(timer);
  }
}
