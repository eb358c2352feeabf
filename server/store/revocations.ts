import type { Revocation } from '#contract/api/console.ts';
import type { RevocationOrder } from '#contract/api/terminals.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing } from './listing.ts';
import { revocationFloor } from './log-tree.ts';
import { isFresh, joinProcess, onlineFor, seenAt } from './terminals.ts';

export interface RevocationToIssue {
  readonly what: RevocationOrder['what'];
  /** Identifier of the card, person, session or terminal. */
  readonly subject: string;
  /** Person whose sessions end. */
  readonly person: PersonId | null;
  readonly reason: string;
  /** Of a terminal that may be enabled again. */
  readonly forNow?: true;
  /** Who asked for it; null when the server did by itself. */
  readonly by: PersonId | null;
}

/**
 * Any constant: transactions that issue revocations run one after the other, so that numbers commit in their order. Each
 * holds before whatever it waits for, people first.
 */
const issuing = 5_411_001;

export const lockIssuing = async (tx: Transaction): Promise<void> => {
  await tx.query('select pg_advisory_xact_lock($1)', [issuing]);
};

/** Makes the numbered fact and its event; all terminals get it when the transaction commits. Answers the number. */
export const issueRevocation = async (tx: Transaction, now: Date, toIssue: RevocationToIssue): Promise<number> => {
  const { what, subject, person, reason, by, forNow } = toIssue;
  await lockIssuing(tx);
  const [row] = await tx.query<{ number: number }>(
    `insert into revocation (number, what, subject, person, reason, by, at, for_now)
     values (${revocationFloor} + 1, $1, $2, $3, $4, $5, $6, $7) returning number`,
    [what, subject, person, reason, by, now, forNow === true],
  );
  if (row === undefined) throw new Error('a revocation got no number');
  const { number } = row;
  await record(tx, now, {
    kind: 'revocation.issued',
    outcome: 'success',
    person,
    actor: by,
    reason: reason.slice(0, 80),
    detail: { number, what, subject },
  });
  const order = {
    number,
    what,
    subject,
    person,
    at: now.toISOString(),
    ...(forNow && { forNow }),
  } satisfies RevocationOrder;
  await tx.notify('pushed', { terminal: null, pushed: { kind: 'revocation', order } });
  await tx.notify('changed', { what: 'revocations' });
  return number;
};

interface OrderRow {
  readonly number: number;
  readonly what: RevocationOrder['what'];
  readonly subject: string;
  readonly person: PersonId | null;
  readonly at: Date;
  readonly for_now: boolean;
}

/** Revocations with a number above `after` that were issued since then, oldest first. */
export const listOrders = async (
  tx: Transaction,
  after: number,
  since: Date = new Date(0),
): Promise<RevocationOrder[]> => {
  const rows = await tx.query<OrderRow>(
    'select number, what, subject, person, at, for_now from revocation where number > $1 and at >= $2 order by number',
    [after, since],
    'orders',
  );
  return rows.map(({ for_now: forNow, at, ...row }) => ({
    ...row,
    at: at.toISOString(),
    ...(forNow ? { forNow } : {}),
  }));
};

/** Number of the newest revocation; 0 when there is none. */
export const getHead = async (tx: Transaction): Promise<number> => {
  const [row] = await tx.query<{ head: number }>('select coalesce(max(number), 0) as head from revocation');
  return row?.head ?? 0;
};

/** No revocation from now on has this number or a lower one. */
export const getFloor = async (tx: Transaction): Promise<number> => {
  const [row] = await tx.query<{ floor: number }>(`select ${revocationFloor} as floor`);
  return row?.floor ?? 0;
};

export interface ReceiptToStore {
  readonly number: number;
  readonly receivedAt: Date;
  readonly lockedAt: Date | null;
  readonly signature: string;
}

/** `unknown`: no such revocation; `known`: the receipt was stored before. */
export const storeReceipt = async (
  tx: Transaction,
  now: Date,
  terminal: TerminalId,
  receipt: ReceiptToStore,
): Promise<'stored' | 'known' | 'unknown'> => {
  const { number, receivedAt, lockedAt, signature } = receipt;
  const [order] = await tx.query<OrderRow>(
    'select number, what, subject, person, at, for_now from revocation where number = $1',
    [number],
  );
  if (order === undefined) return 'unknown';
  const stored = await tx.query(
    `insert into receipt (revocation, terminal, received_at, locked_at, signature, stored_at)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning revocation`,
    [number, terminal, receivedAt, lockedAt, signature, now],
  );
  if (stored.length === 0) return 'known';
  await record(tx, now, {
    kind: 'revocation.confirmed',
    outcome: 'success',
    terminal,
    person: order.person,
    happenedAt: lockedAt ?? receivedAt,
    detail: { number, what: order.what, locked: lockedAt !== null },
  });
  await tx.notify('changed', { what: 'revocations' });
  return 'stored';
};

interface ReceiptRow {
  readonly revocation: number;
  readonly terminal: TerminalId;
  readonly name: string;
  readonly received_at: Date | null;
  readonly locked_at: Date | null;
  readonly stored_at: Date | null;
  readonly clock_offset_ms: number | null;
  readonly connected_at: Date | null;
  readonly last_seen_at: Date | null;
}

/** From the order to the covered screen by the server's clock; never later than when the receipt came in. */
const measure = (row: ReceiptRow, orderedAt: Date): number | null => {
  const { locked_at: lockedAt, stored_at: storedAt } = row;
  if (lockedAt === null || storedAt === null) return null;
  const byServer = lockedAt.getTime() - (row.clock_offset_ms ?? 0) - orderedAt.getTime();
  return Math.max(0, Math.min(byServer, storedAt.getTime() - orderedAt.getTime()));
};

type Receipt = Revocation['receipts'][number];

const asReceipt = (row: ReceiptRow, orderedAt: Date, now: Date, offlineHours: number): Receipt => {
  const state = row.received_at !== null ? 'confirmed' : isFresh(row, now) ? 'pending' : 'offline';
  const lastSeenAt = state === 'confirmed' ? null : row.last_seen_at;
  const mayDecide = state === 'offline' && lastSeenAt !== null && offlineHours > 0;
  return {
    terminal: row.terminal,
    terminalName: row.name,
    state,
    receivedAt: row.received_at?.toISOString() ?? null,
    lockedAt: row.locked_at?.toISOString() ?? null,
    milliseconds: measure(row, orderedAt),
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
    offlineUntil: mayDecide ? new Date(lastSeenAt.getTime() + offlineHours * 3_600_000).toISOString() : null,
  };
};

interface ForPeople {
  readonly name: string;
  readonly ending: string | null;
  readonly reason: string;
  readonly by: string | null;
}

type Sort = 'number' | 'name' | 'by';
const listing: Listing<Sort> = {
  rows: `select r.number, r.what, r.subject, r.for_now, p.id as person, r.reason, r.at, c.ending, by.name as by,
            coalesce(p.name, t.name, '') as name
     from revocation r
     left join card c on r.what = 'card' and c.id = r.subject
     left join session s on r.what = 'session' and s.id = r.subject
     left join terminal t on r.what = 'terminal' and t.id = r.subject
     left join person p on r.what <> 'terminal' and p.id = coalesce(r.person, c.person, s.person, r.subject)
     left join person by on by.id = r.by`,
  sorts: {
    number: { by: 'number', type: 'bigint', falls: true },
    name: { by: 'name', type: 'text' },
    by: { by: "coalesce(by, '')", type: 'text' },
  },
  usual: 'number',
  ties: [{ by: 'number', type: 'bigint', falls: true }],
  search: folded(`name || E'\\n' || reason || E'\\n' || coalesce(by, '') || E'\\n' || number`),
};

export interface RevocationsToList extends ListingAsked<Sort> {
  /** Some by their numbers. */
  readonly numbers?: readonly number[] | undefined;
  readonly what?: Revocation['what'] | undefined;
  /** Of the receipts of each: how many, and after how many. */
  readonly receipts: { readonly limit: number; readonly offset: number };
  /** How long a terminal may decide without the server. */
  readonly offlineHours: number;
}

/** Terminals that were admitted when a revocation was issued, with what they confirmed. */
const concerned = `revocation
     join terminal on enrolled_at <= revocation.at and (revoked_at is null or revoked_at > revocation.at)
     left join receipt on receipt.revocation = revocation.number and receipt.terminal = terminal.id
     ${joinProcess}`;

/** Each with the terminals that were admitted when it was issued: the few that locked, those that have not confirmed, the others. */
export const listRevocations = async (
  tx: Transaction,
  now: Date,
  asked: RevocationsToList,
): Promise<Listed<Revocation> | undefined> => {
  const values: unknown[] = [];
  const where: string[] = [];
  if (asked.numbers !== undefined) where.push(`number = any($${values.push(asked.numbers)}::bigint[])`);
  if (asked.what !== undefined) where.push(`what = $${values.push(asked.what)}`);
  const listed = await readListing<OrderRow & ForPeople, Sort>(tx, listing, { values, where }, asked);
  if (listed === undefined) return undefined;
  const { rows } = listed;
  const numbers = rows.map(({ number }) => number);
  const counts = await tx.query<{ revocation: number; confirmed: number; pending: number; offline: number }>(
    `select revocation.number as revocation, count(received_at) as confirmed,
            count(*) filter (where received_at is null and online) as pending,
            count(*) filter (where received_at is null and not online) as offline
     from ${concerned}, lateral (select connected_at is not null and coalesce(${seenAt} > $2, false) as online) as presence
     where revocation.number = any($1) group by revocation.number`,
    [numbers, new Date(now.getTime() - onlineFor)],
  );
  const receipts = await tx.query<ReceiptRow>(
    `select * from unnest($1::bigint[]) as n(number), lateral (
       select revocation.number as revocation, terminal.id as terminal, terminal.name, received_at, locked_at, stored_at,
              clock_offset_ms, connected_at, ${seenAt} as last_seen_at
       from ${concerned} where revocation.number = n.number
       order by locked_at is null, received_at is not null, terminal.name limit $2 offset $3) as found`,
    [numbers, asked.receipts.limit, asked.receipts.offset],
  );
  const byNumber = Map.groupBy(receipts, ({ revocation }) => revocation);
  const found = rows.map((row): Revocation => {
    const counted = counts.find(({ revocation }) => revocation === row.number);
    return {
      number: row.number,
      what: row.what,
      subject: row.subject,
      forNow: row.for_now,
      name: row.name,
      person: row.person,
      ending: row.ending,
      reason: row.reason,
      at: row.at.toISOString(),
      by: row.by ?? '',
      counts: {
        confirmed: counted?.confirmed ?? 0,
        pending: counted?.pending ?? 0,
        offline: counted?.offline ?? 0,
      },
      receipts: (byNumber.get(row.number) ?? []).map((receipt) => asReceipt(receipt, row.at, now, asked.offlineHours)),
    };
  });
  return { ...listed, rows: found };
};

/** Revocations since then that some terminal which may still be used has not confirmed, and the oldest of them. */
export const countUnconfirmed = async (
  tx: Transaction,
  since: Date,
): Promise<{ count: number; oldest: Date | null }> => {
  const [row] = await tx.query<{ count: number; oldest: Date | null }>(
    `select count(*) as count, min(at) as oldest from revocation
      where at >= $1 and exists (
        select from terminal t where t.state in ('active', 'disabled') and t.enrolled_at <= revocation.at
           and not exists (select from receipt where receipt.revocation = revocation.number and receipt.terminal = t.id))`,
    [since],
    'unconfirmed',
  );
  return row ?? { count: 0, oldest: null };
};
