import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type LostRevocations, type RevocationOrder, revocationOrder } from '#contract/api/terminals.ts';
import { createBackOff, pause } from './back-off.ts';
import type { Http } from './http.ts';
import { replaceFile } from './journal-file.ts';
import { createKeeper } from './keeper.ts';
import { codeOf, type Log } from './log.ts';

const shape = z.array(revocationOrder);
/** The newest that are kept: what is older is in any backup. */
const most = 5_000;
/** Of one call. */
const portion = 50;

export interface ToldDeps {
  readonly path: string;
  readonly call: Http['call'];
  readonly log: Log;
  /** Milliseconds after which a write that failed is tried again. */
  readonly retryEvery?: number;
}

/** What the server has of revocations, as its `hello` says. */
export interface Had {
  /** Number of its newest one. */
  readonly head: number;
  readonly lost: readonly LostRevocations[];
}

/**
 * Keeps the revocations that this terminal was told, and brings back to a server what it has lost of them: one that was
 * put back from a backup knows nothing of a card that was revoked after it.
 */
export interface ToldRevocations {
  keep(order: RevocationOrder): void;
  follow(had: Had): void;
  /** Resolves when it was tried to write what was kept last; what could not be written is tried again by itself. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const keyOf = ({ number, subject, at }: RevocationOrder): string => `${number} ${subject} ${at}`;

export function createToldRevocations(deps: ToldDeps): ToldRevocations {
  const { log } = deps;
  const stopped = new AbortController();
  const told = new Map<string, RevocationOrder>();
  const returned = new Set<string>();
  /** What the server had when it was heard last; where it has other or less, it was put back again. */
  let before: Had = { head: 0, lost: [] };
  let wanted: RevocationOrder[] = [];
  let sending: Promise<void> | undefined;
  const reading = read();
  const keeper = createKeeper({
    put: write,
    onFailed: (error) => log.error('revocations-not-kept', { code: codeOf(error) }),
    ...(deps.retryEvery === undefined ? {} : { retryEvery: deps.retryEvery }),
  });

  async function read(): Promise<void> {
    try {
      for (const order of shape.parse(JSON.parse(await readFile(deps.path, 'utf8'))))
        if (!told.has(keyOf(order))) told.set(keyOf(order), order);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') log.warn('revocations-unreadable', { code: codeOf(error) });
    }
  }

  async function write(): Promise<void> {
    await reading;
    const newest = [...told.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-most);
    const keys = new Set(newest.map(keyOf));
    for (const key of told.keys()) if (!keys.has(key)) told.delete(key);
    await replaceFile(deps.path, `${JSON.stringify(newest)}\n`);
  }

  async function send(): Promise<void> {
    const backOff = createBackOff({ first: 500, longest: 30_000 });
    while (wanted.length > 0 && !stopped.signal.aborted) {
      const orders = wanted.slice(0, portion);
      const reply = await deps.call('terminals/return-revocations', { body: { orders } }, { lane: 'background' });
      if (!reply.ok) {
        await pause(backOff.next(), stopped.signal);
        continue;
      }
      backOff.reset();
      for (const order of orders) returned.add(keyOf(order));
      wanted = wanted.filter((order) => !returned.has(keyOf(order)));
      log.info('revocations-returned', { sent: orders.length, taken: reply.value.taken });
    }
    sending = undefined;
  }

  return {
    keep(order) {
      // A session that ended is in no backup; an order without a mark no server knows again.
      if (order.what === 'session' || order.mark === undefined || told.has(keyOf(order))) return;
      told.set(keyOf(order), order);
      void keeper.keep();
    },
    follow({ head, lost }) {
      void reading.then(() => {
        if (head < before.head || JSON.stringify(lost) !== JSON.stringify(before.lost)) returned.clear();
        before = { head, lost };
        const isLost = (number: number): boolean =>
          number > head || lost.some(({ after, upTo }) => number > after && number <= upTo);
        wanted = [...told.values()].filter((order) => isLost(order.number) && !returned.has(keyOf(order)));
        if (wanted.length > 0 && !stopped.signal.aborted) sending ??= send();
      });
    },
    async settled() {
      await reading;
      await keeper.tried();
    },
    async stop() {
      stopped.abort();
      await sending;
      await keeper.stop();
    },
  };
}
