import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptId, LockId, PersonId } from '#contract/ids.ts';
import { createLog } from '#guard/log.ts';
import { createOffline } from '#guard/offline.ts';
import { argon2Cost, createOfflineSeal } from '#guard/offline-seal.ts';
import { openOfflineStore } from '#guard/offline-store.ts';
import { openTerminalSecret } from '#guard/terminal-secret.ts';
import { openTrustedTime } from '#guard/trusted-time.ts';
import { type Figure, figure, figureAtLeast, percentile } from './figure.ts';

const rounds = 40;
const card = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' } as const;
const pin = '40718293';

/** What a right PIN takes without the server, the durable count of the try with it; and what a guess costs a thief. */
export async function measureOffline(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-bench-'));
  const log = createLog({ level: 'error', now: () => new Date(), write: () => undefined });
  const kept = new Map<string, string>();
  const keychain = {
    tryRead: async (account: string) => kept.get(account),
    write: async (account: string, secret: string) => void kept.set(account, secret),
    remove: async () => undefined,
  };
  try {
    const secret = await openTerminalSecret({ keychain, account: 'secret', log });
    if (secret === undefined) throw new Error('no secret');
    const up = () => performance.now();
    const time = await openTrustedTime({
      ...{
        path: join(folder, 'time.json'),
        key: secret.key('time'),
        keychain,
        account: 'time',
        upTime: up,
        boot: 'one',
        wall: Date.now,
        log,
      },
    });
    time.observe(Date.now(), true);
    const seal = createOfflineSeal(secret);
    const store = await openOfflineStore({ path: join(folder, 'offline.json'), keychain, account: 'offline', log });
    const rules = {
      hours: 24,
      roles: ['clinician' as const],
      assurance: ['identifier' as const],
      tries: 5,
      minutes: 720,
    };
    const offline = createOffline({
      ...{ seal, store, time, rules: () => rules, terminal: () => undefined, takeNonce: () => false, log },
      onChanged: () => undefined,
    });
    const person = randomUUID() as PersonId;
    await offline.remember(card, { person, name: '看護 花子', number: '1', roles: ['clinician'] }, Buffer.from(pin));
    const times: number[] = [];
    const guesses: number[] = [];
    const salt = randomBytes(16);
    const sealed = await seal.sealVerifier(card, salt, Buffer.from(pin));
    for (let round = 0; round < rounds; round += 1) {
      const grantFor = { lock: randomUUID() as LockId, attempt: randomUUID() as AttemptId };
      let since = performance.now();
      const checked = await offline.check(card, Buffer.from(pin), grantFor);
      times.push(performance.now() - since);
      if (checked.kind !== 'right') throw new Error(checked.kind);
      since = performance.now();
      await seal.isPin(card, salt, sealed, Buffer.from(String(10_000_000 + round)));
      guesses.push(performance.now() - since);
    }
    const guess = percentile(guesses, 0.5);
    const days = (guess * 10 ** 8) / 86_400_000;
    const { memoryCost, timeCost } = argon2Cost;
    const argon = `Argon2id with ${memoryCost / 1024} MiB and ${timeCost} passes`;
    return [
      figure({
        name: 'offline-check',
        value: percentile(times, 0.95),
        unit: 'ms',
        floor: percentile(guesses, 0.95),
        goal: 500,
        how: `p95 of ${times.length} right PINs without the server, the try counted on the disk before and taken back after (keychain in memory); floor: ${argon} alone`,
      }),
      figureAtLeast({
        name: 'offline-guess',
        value: guess,
        unit: 'ms',
        floor: null,
        goal: 50,
        how: `of one core and 64 MiB for each guess, median; all PINs of 8 digits take ${days.toFixed(0)} days of such a core, for somebody who has disk, keychain and card number; without the keychain no guess can be tried`,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
