import type { Transaction } from './database.ts';
import { lowestUuidAt } from './uuid.ts';

/** Rows of one step: few, so that nobody waits for them. */
const atOnce = 500;

/**
 * What was needed while something went on and is in the log since: rows that are over for so long, those that point to
 * others first. `$1` is the time; identifiers are of version 7, so `$2` is the first one of that time.
 */
const over = {
  console_ticket: `select ticket_hash from console_ticket where expires_at < $1 and $2::uuid is not null`,
  invitation: `select code_hash from invitation where expires_at < $1 and $2::uuid is not null`,
  console_session: `select id from console_session where id < $2 and coalesce(ended_at, ends_at) < $1`,
  session: `select id from session where id < $2 and ended_at < $1
      and not exists (select from console_session where session = session.id)
      and not exists (select from console_ticket where session = session.id)`,
  attempt: `select id from attempt where id < $2 and state <> 'open' and coalesce(ended_at, expires_at) < $1
      and not exists (select from session where attempt = attempt.id)`,
  ceremony: `select id from ceremony where id < $2 and ended_at < $1`,
} as const;

export type WorkTable = keyof typeof over;
const keys: Partial<Record<WorkTable, string>> = {
  console_ticket: 'ticket_hash',
  invitation: 'code_hash',
};
export const workTables = Object.keys(over) as WorkTable[];

/** Removes some rows that were over before `until`. True when there may be more. */
export const removeSome = async (tx: Transaction, table: WorkTable, until: Date): Promise<boolean> => {
  const key = keys[table] ?? 'id';
  const gone = await tx.query(
    `delete from ${table} where ${key} in (${over[table]} order by ${key} limit ${atOnce} for update skip locked)
     returning 1`,
    [until, lowestUuidAt(until)],
  );
  return gone.length === atOnce;
};
