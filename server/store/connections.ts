import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';
import { type OwnKeys, onlineFor } from './terminals.ts';

export interface Connected {
  readonly clockOffsetMs: number;
  readonly address: string;
  /** SHA-256 of the key that it came with: the newest one, once used, ends the one before. */
  readonly key: Buffer;
  /** Version of the authorities and grant keys that it keeps. */
  readonly trustVersion: string | null;
}

/** A terminal's push stream opened. A fresh earlier stream makes it a reconnection, which is not an event. */
export const markConnected = async (
  tx: Transaction,
  now: Date,
  id: TerminalId,
  { clockOffsetMs, address, key, trustVersion }: Connected,
): Promise<void> => {
  const [before] = await tx.query<{ connected_at: Date | null; last_seen_at: Date | null }>(
    'select connected_at, last_seen_at from terminal where id = $1 for no key update',
    [id],
  );
  await tx.query(
    `update terminal set connected_at = $2, last_seen_at = $2, clock_offset_ms = $3, trust_version = $4,
            previous_key = case when certificate_key = $5 then null else previous_key end
      where id = $1`,
    [id, now, clockOffsetMs, trustVersion, key],
  );
  const known = before?.connected_at ?? null;
  const fresh = known !== null && now.getTime() - (before?.last_seen_at?.getTime() ?? 0) < onlineFor;
  if (!fresh) {
    await record(tx, now, {
      kind: 'terminal.connected',
      outcome: 'success',
      terminal: id,
      detail: { address, clockOffsetMs: Math.round(clockOffsetMs) },
    });
  }
  await tx.notify('changed', { what: 'terminals' });
};

/** No stream followed the one that was opened at `connectedAt`. */
export const markDisconnected = async (
  tx: Transaction,
  now: Date,
  id: TerminalId,
  connectedAt: Date,
): Promise<void> => {
  const rows = await tx.query(
    'update terminal set connected_at = null, last_seen_at = $3 where id = $1 and connected_at = $2 returning id',
    [id, connectedAt, now],
  );
  if (rows.length === 0) return;
  await record(tx, now, { kind: 'terminal.disconnected', outcome: 'minor', terminal: id });
  await tx.notify('changed', { what: 'terminals' });
};

/** Says that these terminals are heard of. Answers those of them that are still admitted. */
export const markSeen = async (
  tx: Transaction,
  now: Date,
  ids: readonly TerminalId[],
): Promise<ReadonlyMap<TerminalId, OwnKeys>> => {
  const rows = await tx.query<OwnKeys & { id: TerminalId }>(
    `update terminal set last_seen_at = $1 where id = any($2) and state = 'active'
     returning id, certificate_key as "newestKey", previous_key as "previousKey"`,
    [now, ids],
  );
  return new Map(rows.map(({ id, ...keys }) => [id, keys]));
};

/** At an orderly stop: the streams of this process end, and that says nothing about the terminals. */
export const forgetConnections = async (tx: Transaction, ids: readonly TerminalId[]): Promise<void> => {
  await tx.query('update terminal set connected_at = null where id = any($1)', [ids]);
};
