import type { LostRevocations, Pushed, RevocationOrder } from '#contract/api/terminals.ts';
import type { TerminalId } from '#contract/ids.ts';
import { createBatch } from './batch.ts';
import { type Came, type Connected, type Left, markConnected, markDisconnected } from './store/connections.ts';
import type { Lane, Transaction } from './store/database.ts';
import { listHeads } from './store/journal-heads.ts';
import { findIncarnation } from './store/log-tree.ts';
import { listMissed } from './store/missed.ts';
import { listLost } from './store/returned-revocations.ts';
import { getHead, listOrders } from './store/revocations.ts';

export interface Arrival extends Came {
  /** The last revocation that the terminal knows. */
  readonly after: number;
}

/** What a terminal is told when its stream opens. */
export interface Welcome {
  readonly head: number;
  /** It is out of use for now. */
  readonly disabled: boolean;
  readonly incarnation: string;
  /** Numbers whose revocations the server may have lost. */
  readonly lost: readonly LostRevocations[];
  readonly orders: readonly RevocationOrder[];
  readonly missed: readonly Pushed[];
  /** Its newest journals, and how far they are stored. */
  readonly journals: { readonly epoch: string; readonly sequence: number }[];
}

/** Clocks of several server processes differ a little, and a push takes a moment (milliseconds). */
export const overlap = 10_000;
const longestAbsence = 24 * 3_600_000;
/** Terminals of one batch: their rows are held for some milliseconds. */
const largest = 250;

/** Orders after each number that is asked for; those from before a terminal was enrolled are none of its business. */
const findOrders = async (
  tx: Transaction,
  arrivals: readonly Arrival[],
  connected: ReadonlyMap<TerminalId, Connected>,
): Promise<(arrival: Arrival) => readonly RevocationOrder[]> => {
  const sinceOf = ({ terminal }: Arrival): number => connected.get(terminal)?.enrolledAt.getTime() ?? 0;
  const byAfter = new Map<number, readonly RevocationOrder[]>();
  for (const [after, some] of Map.groupBy(arrivals, (arrival) => arrival.after)) {
    byAfter.set(after, await listOrders(tx, after, new Date(Math.min(...some.map(sinceOf)))));
  }
  return (arrival) => (byAfter.get(arrival.after) ?? []).filter(({ at }) => Date.parse(at) >= sinceOf(arrival));
};

/**
 * Lets terminals in whose streams open, together with all that come at the same moment: after a switch has failed that is
 * every terminal of a hospital. Undefined for one that may not use this server.
 */
export const createArrivals = (deps: { background: Lane; process: string; now: () => Date }) => {
  const receive = (arrivals: readonly Arrival[]): Promise<(Welcome | undefined)[]> =>
    deps.background.transaction(async (tx) => {
      const now = deps.now();
      const connected = await markConnected(tx, now, deps.process, arrivals);
      const head = await getHead(tx);
      const lost = await listLost(tx);
      const { id: incarnation } = await findIncarnation(tx);
      const admitted = arrivals.filter(({ terminal }) => connected.has(terminal));
      const ordersOf = await findOrders(tx, admitted, connected);
      const absences = admitted.flatMap(({ terminal }) => {
        const seenAt = connected.get(terminal)?.seenAt;
        if (seenAt == null) return [];
        const since = new Date(Math.max(seenAt.getTime() - overlap, now.getTime() - longestAbsence));
        return [{ terminal, since }];
      });
      const missed = Map.groupBy(await listMissed(tx, now, absences), ({ terminal }) => terminal);
      const journals = await listHeads(
        tx,
        admitted.map(({ terminal }) => terminal),
      );
      return arrivals.map((arrival) =>
        connected.has(arrival.terminal)
          ? {
              head,
              disabled: connected.get(arrival.terminal)?.disabled === true,
              incarnation,
              lost,
              orders: ordersOf(arrival),
              journals: journals.get(arrival.terminal) ?? [],
              missed: (missed.get(arrival.terminal) ?? []).map(({ pushed }) => pushed),
            }
          : undefined,
      );
    });
  return createBatch<Arrival, Welcome | undefined>({
    run: receive,
    keysOf: ({ terminal }) => [terminal],
    lanes: 2,
    largest,
  });
};
export type Arrivals = ReturnType<typeof createArrivals>;

/** Notes streams that have ended. Within a beat a terminal is back, or it is gone; a silent one is gone at once. */
export const createLeave = (
  deps: { background: Lane; beatMs: number; now: () => Date },
  later: (delayMs: number, work: () => Promise<void>) => void,
): ((left: Left, how: 'ended' | 'silent') => void) => {
  const notes = createBatch<Left, undefined>({
    run: async (left) => {
      await deps.background.transaction((tx) => markDisconnected(tx, deps.now(), left));
      return left.map(() => undefined);
    },
    lanes: 1,
    largest,
  });
  return (left, how) => later(how === 'silent' ? 0 : deps.beatMs, () => notes.add(left));
};
