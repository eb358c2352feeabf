/** A terminal's keeping for logins without the server, in a folder and with a keychain and clocks in the test's hand. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Greeting } from '#contract/api/logins.ts';
import type { AttemptId, LockId, PersonId, TerminalId } from '#contract/ids.ts';
import { terminalPolicy } from '#contract/policy.ts';
import type { OfflineRules } from '#core/policy/offline.ts';
import { createOffline, type Offline } from './offline.ts';
import { createOfflineSeal } from './offline-seal.ts';
import { type OfflineStore, openOfflineStore } from './offline-store.ts';
import { openTerminalSecret } from './terminal-secret.ts';
import { quiet } from './test-journal.ts';
import { openTrustedTime } from './trusted-time.ts';
import type { Keychain } from './vault.ts';

export const hour = 3_600_000;
export const start = Date.parse('2026-11-22T06:00:00Z');
export const terminal = '0190a000-0000-7000-8000-000000000001' as TerminalId;
export const hanako: Greeting = {
  person: '0190a000-0000-7000-8000-0000000000a1' as PersonId,
  name: '看護 花子',
  number: '100001',
  roles: ['clinician'],
};
export const card = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' } as const;
export const pin = '40718293';
export const digits = (text: string) => Buffer.from(text);
export const forLock = { lock: crypto.randomUUID() as LockId, attempt: crypto.randomUUID() as AttemptId };
export const policy = terminalPolicy.parse({
  pin: { shortest: 8, longest: 12 },
  idleSeconds: 600,
  warnSeconds: 20,
  helpdesk: '2119',
  whenFull: 'strict',
  offline: { hours: 24, roles: ['clinician'], assurance: ['identifier', 'keyed', 'pki'], tries: 3, minutes: 720 },
  ways: { substitute: true, emergency: true, witness: true },
});

export interface Desk {
  readonly folder: string;
  readonly kept: Map<string, string>;
  rules: OfflineRules;
  nonces: Set<string>;
  /** Time passes, and the clock shows it. */
  pass(milliseconds: number): void;
  /** Somebody sets the clock. */
  setClock(by: number): void;
  /** The machine is off for so long. */
  reboot(off?: number): void;
  /** Nothing that is kept can be written until it is healed; what was there is gone. */
  breakDisk(): { heal(): void };
  /** A start of the guard. `before`: what is done to its files until then. */
  run(options?: {
    keychain?: Keychain;
    contact?: boolean;
    before?: () => void;
  }): Promise<Offline & Pick<OfflineStore, 'rolledBack' | 'noteTold'>>;
  remove(): Promise<void>;
}

export function createDesk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-offline-'));
  const kept = new Map<string, string>();
  let [wall, up, boot] = [start, 1_000, 1];
  const keychainOfItsOwn: Keychain = {
    tryRead: async (account) => kept.get(account),
    write: async (account, secret) => void kept.set(account, secret),
    remove: async (account) => void kept.delete(account),
  };
  const stops: (() => Promise<void>)[] = [];
  let saveTime = async (): Promise<void> => undefined;
  const desk: Desk = {
    folder,
    kept,
    rules: policy.offline,
    nonces: new Set(),
    pass(milliseconds) {
      wall += milliseconds;
      up += milliseconds;
    },
    setClock(by) {
      wall += by;
    },
    reboot(off = 60_000) {
      boot += 1;
      up = 1_000;
      wall += off;
    },
    breakDisk() {
      const path = join(folder, 'offline.json');
      rmSync(path, { force: true });
      mkdirSync(path);
      return { heal: () => rmSync(path, { recursive: true }) };
    },
    async run({ keychain = keychainOfItsOwn, contact = true, before = () => undefined } = {}) {
      await saveTime();
      before();
      const secret = await openTerminalSecret({ keychain, account: 'secret', log: quiet });
      if (secret === undefined) throw new Error('no keychain');
      const time = await openTrustedTime({
        path: join(folder, 'time.json'),
        key: secret.key('time'),
        keychain,
        account: 'time',
        upTime: () => up,
        boot: String(boot),
        wall: () => wall,
        log: quiet,
      });
      saveTime = time.keep;
      // The server's clock is right; so is this terminal's at first.
      if (contact) time.observe(wall, true);
      const store = await openOfflineStore({
        path: join(folder, 'offline.json'),
        keychain,
        account: 'offline',
        log: quiet,
      });
      const offline = createOffline({
        seal: createOfflineSeal(secret),
        store,
        time,
        rules: () => desk.rules,
        terminal: () => terminal,
        takeNonce: (nonce) => desk.nonces.delete(nonce),
        onChanged: () => undefined,
        log: quiet,
        retryEvery: 5,
      });
      stops.push(offline.stop);
      return { ...offline, rolledBack: store.rolledBack, noteTold: store.noteTold };
    },
    // Something may still be written there.
    async remove() {
      await Promise.all(stops.map((stop) => stop()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
  return desk;
}
