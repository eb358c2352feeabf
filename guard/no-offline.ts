import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RevocationOrder } from '#contract/api/terminals.ts';
import { syncFolder } from './journal-file.ts';
import { createKeeper } from './keeper.ts';
import { codeOf, type Log } from './log.ts';
import type { Offline } from './offline.ts';
import { readOfflineEntries } from './offline-store.ts';

export interface NoOfflineDeps {
  /** What was kept while a keychain answered; it holds again once one does. */
  readonly path: string;
  readonly log: Log;
  /** Milliseconds after which a removal that failed is tried again. */
  readonly retryEvery?: number;
}

/**
 * For a terminal whose keychain does not answer: the server alone decides. What was kept before cannot be changed without the
 * keychain. Where somebody in it is revoked it is thrown away as a whole, before that is confirmed: the next start, with
 * the keychain and maybe without the server, would let them in.
 */
export function createNoOffline({ log, path, retryEvery }: NoOfflineDeps): Offline {
  const revoked: Pick<RevocationOrder, 'what' | 'subject' | 'person'>[] = [];

  async function throwAway(): Promise<void> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (['ENOENT', 'EISDIR'].includes(codeOf(error))) return undefined;
      throw error;
    });
    const isIn = readOfflineEntries(text).some((entry) =>
      revoked.some(
        ({ what, subject, person }) => what === 'terminal' || entry.person === person || entry.person === subject,
      ),
    );
    if (!isIn) return;
    await rm(path);
    await syncFolder(dirname(path));
    log.warn('offline-thrown-away');
  }
  const keeper = createKeeper({
    put: throwAway,
    onFailed: (error) => log.error('offline-not-kept', { code: codeOf(error) }),
    ...(retryEvery === undefined ? {} : { retryEvery }),
  });

  return {
    expect: (person) => ({ person, revoked: false }),
    forgo: () => undefined,
    remember: async (_card, _greeting, pin) => void pin.fill(0),
    mayKnow: () => false,
    find: () => ({ ok: false, why: 'off', person: null }),
    async check(_card, pin) {
      pin.fill(0);
      return { kind: 'refused', why: 'off', person: null };
    },
    countRefused: () => undefined,
    forget: () => undefined,
    takeGrant: () => false,
    revoke(order) {
      if (order.what === 'session') return;
      revoked.push(order);
      void keeper.keep();
    },
    until: () => null,
    now: () => null,
    settled: keeper.settled,
    keepHead: async () => false,
    policy: () => undefined,
    keepPolicy: () => undefined,
    stop: keeper.stop,
  };
}
