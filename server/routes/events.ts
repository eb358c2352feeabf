import type { Revocation } from '#contract/api/console.ts';
import { succeed } from '#contract/errors.ts';
import type { TerminalId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { listEvents, recordViewing } from '../store/log.ts';
import { listReceipts, listRevocations, type ReceiptRow } from '../store/receipts.ts';
import type { Handlers } from './handlers.ts';

export const createEventsRoutes = (deps: ServerDeps) =>
  ({
    'events/list': async ({ query }, { session, person, terminal }) =>
      deps.database.transaction(async (tx) => {
        const events = await listEvents(tx, query);
        await recordViewing(tx, deps.now(), { session, person, terminal }, query);
        return succeed({ events });
      }),

    'revocations/list': async ({ query }) => {
      const orders = await listRevocations(deps.database, query.limit);
      const receipts = await listReceipts(
        deps.database,
        orders.map(({ number }) => number),
      );
      const silent = new Set(receipts.filter((one) => !one.storedAt).map(({ terminal }) => terminal));
      const online = new Set<TerminalId>();
      for (const terminal of silent) if (await deps.push.isOnline(deps.database, terminal)) online.add(terminal);
      return succeed({
        revocations: orders.map((order) => ({
          ...order,
          at: order.at.toISOString(),
          receipts: receipts
            .filter(({ number }) => number === order.number)
            .map((receipt) => describe(receipt, order.at, online.has(receipt.terminal))),
        })),
      });
    },
  }) satisfies Partial<Handlers>;

const describe = (row: ReceiptRow, ordered: Date, online: boolean): Revocation['receipts'][number] => ({
  terminal: row.terminal,
  terminalName: row.terminalName,
  state: row.storedAt ? 'confirmed' : online ? 'pending' : 'offline',
  receivedAt: row.receivedAt?.toISOString() ?? null,
  lockedAt: row.lockedAt?.toISOString() ?? null,
  milliseconds: span(row, ordered),
});

/** By the terminal's clock put right where its offset is known; else until the receipt was stored. */
function span(row: ReceiptRow, ordered: Date): number | null {
  if (!row.storedAt) return null;
  const stored = row.storedAt.getTime() - ordered.getTime();
  if (!row.lockedAt || row.clockOffsetMs === null) return Math.max(0, stored);
  const locked = row.lockedAt.getTime() - row.clockOffsetMs - ordered.getTime();
  return Math.max(0, Math.min(locked, stored));
}
