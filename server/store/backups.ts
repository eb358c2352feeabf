import type { BackupGeneration, BackupState } from '#contract/api/backups.ts';
import type { EventId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

/** A backup as the command that made it knows it. */
export interface NotedGeneration {
  readonly name: string;
  readonly folder: string;
  readonly host: string;
  readonly bytes: number;
  readonly recipient: string;
  readonly keep: number;
  /** The file with the key that opens it, where that lies beside the data. */
  readonly keyBeside: string | null;
  readonly stored: BackupGeneration['stored'];
  readonly lockedUntil: Date | null;
  /** Names of what lies in the folder now, the oldest first. */
  readonly held: readonly string[];
  readonly removed: readonly string[];
}

/** Notes a backup beside its event, and what has become of those that lay in its folder. */
export const noteGeneration = async (
  tx: Transaction,
  now: Date,
  event: EventId,
  { held, removed, ...noted }: NotedGeneration,
): Promise<void> => {
  await tx.query(
    `insert into backup (event, name, folder, host, bytes, recipient, keep, key_beside, stored, locked_until, goes_next)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, false)`,
    [
      event,
      noted.name,
      noted.folder,
      noted.host,
      noted.bytes,
      noted.recipient,
      noted.keep,
      noted.keyBeside,
      noted.stored,
      noted.lockedUntil,
    ],
  );
  // A folder of that name on another machine is another one; what was given up has a name that nothing else has.
  await tx.query(
    `update backup set gone_at = $1, gone_by = case when name = any($2) then 'retention' else 'somebody' end
      where gone_at is null and folder = $3 and (name = any($2) or (host = $4 and not name = any($5)))`,
    [now, removed, noted.folder, noted.host, held],
  );
  const next = held.length < noted.keep ? null : (held[0] ?? null);
  await tx.query(
    `update backup set goes_next = coalesce(name = $2, false)
      where folder = $1 and ((goes_next and host = $3) or name = $2)`,
    [noted.folder, next, noted.host],
  );
};

interface Row {
  readonly id: EventId;
  readonly at: Date;
  readonly state: BackupState;
  readonly name: string | null;
  readonly folder: string | null;
  readonly host: string | null;
  readonly bytes: number | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly recipient: string | null;
  readonly keep: number | null;
  readonly key_beside: string | null;
  readonly stored: BackupGeneration['stored'];
  readonly locked_until: Date | null;
  readonly gone_at: Date | null;
  readonly gone_by: BackupGeneration['goneBy'];
}

type Sort = 'at' | 'bytes' | 'state' | 'locked';
/** As of the time `$1`. Servers of before told the log of a backup, and no more. */
const listing: Listing<Sort> = {
  rows: `select e.id, e.at, b.name, b.folder, b.host, b.bytes, b.recipient, b.keep, b.key_beside, b.locked_until,
            b.gone_at, b.gone_by, (e.detail ->> 'tables')::int as tables, (e.detail ->> 'rows')::bigint as rows,
            coalesce(b.stored, case when e.detail -> 'writeOnce' = 'true' then 'stored' else 'not-asked' end) as stored,
            case when b.event is null then 'unknown'
                 when b.gone_at is null then case when b.goes_next then 'next' else 'kept' end
                 when b.locked_until > $1::timestamptz then 'write-once' else 'gone' end as state
       from event e left join backup b on b.event = e.id where e.kind = 'backup.made' and e.${isMark}`,
  sorts: {
    at: { by: timeKey('at'), type: 'bigint', falls: true },
    bytes: { by: 'coalesce(bytes, -1)', type: 'bigint', falls: true },
    state: { by: 'state', type: 'text' },
    locked: { by: timeKey('locked_until'), type: 'bigint', falls: true },
  },
  usual: 'at',
  ties: [
    { by: timeKey('at'), type: 'bigint', falls: true },
    { by: 'id', type: 'uuid' },
  ],
  search: folded(
    `coalesce(name, '') || E'\\n' || coalesce(folder, '') || E'\\n' || coalesce(host, '') || E'\\n' || coalesce(recipient, '')`,
  ),
};

const toGeneration = ({ gone_at, gone_by, locked_until, at, keep: _, key_beside: __, ...row }: Row) =>
  ({
    ...row,
    at: at.toISOString(),
    lockedUntil: locked_until?.toISOString() ?? null,
    goneAt: gone_at?.toISOString() ?? null,
    goneBy: gone_by,
  }) satisfies BackupGeneration;

export interface BackupsQuery extends ListingAsked<Sort> {
  readonly state?: BackupState | undefined;
}

/** The newest first. */
export const listBackups = async (
  tx: Transaction,
  now: Date,
  { state, ...asked }: BackupsQuery,
): Promise<Listed<BackupGeneration> | undefined> => {
  const narrowed = state === undefined ? { values: [now] } : { values: [now, state], where: ['state = $2'] };
  const listed = await readListing<Row, Sort>(tx, listing, narrowed, asked);
  return listed && { ...listed, rows: listed.rows.map(toGeneration) };
};

/** A restore that was practised beside the server. */
export interface Drill {
  readonly at: Date;
  readonly backup: string;
  /** The time of the backup; `null`: it could not be read. */
  readonly of: string | null;
  readonly by: string;
  /** Why it failed. */
  readonly failed: string | null;
}

/** What is told of all of them together. */
export interface BackupFacts {
  readonly newest: BackupGeneration | null;
  /** How many generations the newest one kept, and the file with its key where that lay beside the data. */
  readonly keep: number | null;
  readonly keyBeside: string | null;
  readonly kept: number;
  readonly locked: number;
  /** Until when the one is locked that is locked for the longest time; `null`: none ever was. */
  readonly lockedUntil: Date | null;
  readonly goesNext: readonly string[];
  /** When one was missing last that no other took the place of. */
  readonly missedAt: Date | null;
  readonly restored: { readonly at: Date; readonly of: string | null; readonly by: string } | null;
  readonly practised: Drill | null;
}

export const readBackupFacts = async (tx: Transaction, now: Date): Promise<BackupFacts> => {
  const [newest] = await tx.query<Row>(`select * from (${listing.rows}) listed order by at desc, id desc limit 1`, [
    now,
  ]);
  const [sums] = await tx.query<{
    kept: number;
    locked: number;
    until: Date | null;
    next: string[];
    missed: Date | null;
  }>(
    `select count(*) filter (where gone_at is null)::int as kept,
            count(*) filter (where locked_until > $1)::int as locked, max(locked_until) as until,
            coalesce(array_agg(name order by name) filter (where goes_next and gone_at is null), '{}') as next,
            max(gone_at) filter (where gone_by = 'somebody') as missed from backup`,
    [now],
  );
  const [restored] = await tx.query<{ at: Date; of: string | null; by: string | null }>(
    `select at, detail ->> 'of' as of, detail ->> 'by' as by from event where kind = 'server.restored' and ${isMark} order by seq desc limit 1`,
  );
  const [practised] = await tx.query<Drill>(
    `select at, coalesce(detail ->> 'backup', '') as backup, detail ->> 'of' as of, coalesce(detail ->> 'by', '') as by,
            case when outcome <> 'success' then coalesce(reason, 'restore-failed') end as failed
       from event where kind = 'restore.practised' and ${isMark} order by seq desc limit 1`,
  );
  return {
    newest: newest === undefined ? null : toGeneration(newest),
    keep: newest?.keep ?? null,
    keyBeside: newest?.key_beside ?? null,
    kept: sums?.kept ?? 0,
    locked: sums?.locked ?? 0,
    lockedUntil: sums?.until ?? null,
    goesNext: sums?.next ?? [],
    missedAt: sums?.missed ?? null,
    restored: restored === undefined ? null : { ...restored, by: restored.by ?? '' },
    practised: practised ?? null,
  };
};
