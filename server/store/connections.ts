import type { TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { type EventToRecord, recordAll } from './events.ts';
import { isAdmitted, onlineFor } from './terminals.ts';

/** A server process says that it runs. Terminals whose streams it holds are seen as long as it is. */
export const markProcess = async (tx: Transaction, now: Date, process: string): Promise<void> => {
  await tx.query(
    `insert into server_process (id, started_at, seen_at) values ($1, $2, $2)
     on conflict (id) do update set seen_at = excluded.seen_at`,
    [process, now],
  );
};

/** Forgets processes that have been gone since before `until`. */
export const dropProcesses = async (tx: Transaction, until: Date): Promise<void> => {
  await tx.query('delete from server_process where seen_at < $1', [until]);
};

/** A terminal's push stream that opened. */
export interface Came {
  readonly terminal: TerminalId;
  readonly at: Date;
  readonly clockOffsetMs: number;
  readonly address: string;
  /** SHA-256 of the key that it came with: the newest one, once used, ends the one before. */
  readonly key: Buffer;
  /** Version of the authorities and grant keys that it keeps. */
  readonly trustVersion: string | null;
}

/** A terminal that was let in. */
export interface Connected {
  /** When it was seen before; null when it never was. */
  readonly seenAt: Date | null;
  readonly enrolledAt: Date;
  /** Out of use for now. */
  readonly disabled: boolean;
}

interface BeforeRow extends Connected {
  readonly id: TerminalId;
  readonly connectedAt: Date | null;
}

/**
 * Streams opened at this process. A fresh earlier stream makes it a reconnection, which is not an event. Answers for each
 * terminal that may use this server what was known of it before.
 */
export const markConnected = async (
  tx: Transaction,
  now: Date,
  process: string,
  came: readonly Came[],
): Promise<ReadonlyMap<TerminalId, Connected>> => {
  const latest = new Map(came.map((one) => [one.terminal, one]));
  const all = [...latest.values()];
  // In one order, so that two processes never wait for each other.
  const before = await tx.query<BeforeRow>(
    `select terminal.id, enrolled_at as "enrolledAt", connected_at as "connectedAt", state = 'disabled' as disabled,
            greatest(last_seen_at, p.seen_at) as "seenAt"
     from terminal left join server_process p on p.id = connected_to
     where terminal.id = any($1) and ${isAdmitted} order by terminal.id for no key update of terminal`,
    [all.map(({ terminal }) => terminal)],
    'hold-arrivals',
  );
  await tx.query(
    `update terminal set connected_at = came.at, connected_to = $1, last_seen_at = came.at, clock_offset_ms = came.clock,
            trust_version = came.trust,
            previous_key = case when certificate_key = came.key then null else previous_key end
     from unnest($2::uuid[], $3::timestamptz[], $4::float8[], $5::bytea[], $6::text[]) as came (id, at, clock, key, trust)
     where terminal.id = came.id and ${isAdmitted}`,
    [
      process,
      all.map(({ terminal }) => terminal),
      all.map(({ at }) => at),
      all.map(({ clockOffsetMs }) => clockOffsetMs),
      all.map(({ key }) => key),
      all.map(({ trustVersion }) => trustVersion),
    ],
    'note-arrivals',
  );
  const isFresh = ({ connectedAt, seenAt }: BeforeRow): boolean =>
    connectedAt !== null && seenAt !== null && now.getTime() - seenAt.getTime() < onlineFor;
  await recordAll(
    tx,
    now,
    before.flatMap((row): EventToRecord[] => {
      const one = latest.get(row.id);
      if (one === undefined || isFresh(row)) return [];
      const detail = { address: one.address, clockOffsetMs: Math.round(one.clockOffsetMs) };
      return [{ kind: 'terminal.connected', outcome: 'success', terminal: row.id, detail }];
    }),
  );
  await tx.notify('changed', { what: 'terminals' });
  return new Map(before.map((row) => [row.id, row]));
};

/** A stream that was opened at this time and ended. */
export type Left = Pick<Came, 'terminal' | 'at'>;

/** Of streams that ended, those that no other one followed. */
export const markDisconnected = async (tx: Transaction, now: Date, left: readonly Left[]): Promise<void> => {
  const gone = await tx.query<{ id: TerminalId }>(
    `with gone as (
       select t.id from terminal t join unnest($2::uuid[], $3::timestamptz[]) as one (id, at)
         on one.id = t.id and one.at = t.connected_at
       order by t.id for no key update of t
     )
     update terminal set connected_at = null, connected_to = null, last_seen_at = $1
     from gone where terminal.id = gone.id returning terminal.id`,
    [now, left.map(({ terminal }) => terminal), left.map(({ at }) => at)],
  );
  if (gone.length === 0) return;
  const event = { kind: 'terminal.disconnected', outcome: 'minor' } as const;
  await recordAll(
    tx,
    now,
    gone.map(({ id: terminal }) => ({ ...event, terminal })),
  );
  await tx.notify('changed', { what: 'terminals' });
};

/** At an orderly stop: the streams of this process end, and that says nothing about the terminals. */
export const forgetProcess = async (tx: Transaction, now: Date, process: string): Promise<void> => {
  await tx.query(
    `update terminal set connected_at = null, connected_to = null, last_seen_at = $2 where id in (
       select id from terminal where connected_to = $1 order by id for no key update
     )`,
    [process, now],
  );
  await tx.query('delete from server_process where id = $1', [process]);
};
