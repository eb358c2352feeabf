import type { TerminalSummary } from '#contract/api/terminals.ts';
import type { PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';
import { isFresh, joinProcess, onlineFor, seenAt } from './terminals.ts';

interface TerminalRow {
  readonly id: TerminalId;
  readonly name: string;
  readonly place: string;
  readonly group_name: string;
  readonly state: TerminalSummary['state'];
  readonly connected_at: Date | null;
  readonly last_seen_at: Date | null;
  readonly enrolled_at: Date | null;
  readonly certificate_expires_at: Date | null;
  readonly clock_offset_ms: number | null;
  readonly person: PersonId | null;
  readonly person_name: string | null;
  readonly disabled_at: Date | null;
  readonly disabled_by: string | null;
  readonly disabled_reason: string | null;
}

const asInstant = (at: Date | null): string | null => at?.toISOString() ?? null;

/** `standing`: the state as people see it. */
const rows = `select terminal.id, terminal.name, place, group_name, terminal.state, connected_at, ${seenAt} as last_seen_at,
            enrolled_at, certificate_expires_at, clock_offset_ms, announced_at, disabled_at,
            (select name from person by where by.id = terminal.disabled_by) as disabled_by, disabled_reason, person.id as person, person.name as person_name,
            case when terminal.state <> 'active' then terminal.state
                 when connected_at is not null and ${seenAt} > $1::timestamptz - interval '${onlineFor} milliseconds' then 'online'
                 else 'offline' end as standing
     from terminal ${joinProcess}
     left join lateral (
       select person from session
       where session.terminal = terminal.id and ended_at is null and ends_at > $1::timestamptz
       order by started_at desc limit 1
     ) as open on true
     left join person on person.id = open.person`;

type Sort = 'name' | 'place' | 'state' | 'person' | 'seen' | 'certificate' | 'clock';
const listing: Listing<Sort> = {
  rows,
  sorts: {
    name: { by: 'name', type: 'text' },
    place: { by: 'place', type: 'text' },
    state: { by: 'standing', type: 'text' },
    person: { by: "coalesce(person_name, '')", type: 'text' },
    seen: { by: timeKey('last_seen_at'), type: 'bigint' },
    certificate: { by: timeKey('certificate_expires_at'), type: 'bigint' },
    clock: { by: 'coalesce(abs(round(clock_offset_ms))::bigint, -1)', type: 'bigint', falls: true },
  },
  usual: 'name',
  ties: [
    { by: 'name', type: 'text' },
    { by: timeKey('announced_at'), type: 'bigint' },
    { by: 'id', type: 'uuid' },
  ],
  search: folded(`name || E'\\n' || place || E'\\n' || group_name || E'\\n' || coalesce(person_name, '')`),
};

export interface TerminalsQuery extends ListingAsked<Sort> {
  readonly state?: 'online' | 'offline' | 'announced' | 'disabled' | 'revoked' | undefined;
}

/** Terminals as the console lists them. */
export const listTerminalPage = async (
  tx: Transaction,
  now: Date,
  { state, ...asked }: TerminalsQuery,
): Promise<Listed<TerminalSummary> | undefined> => {
  const where = state === undefined ? [] : ['standing = $2'];
  const values = state === undefined ? [now] : [now, state];
  const listed = await readListing<TerminalRow, Sort>(tx, listing, { values, where }, asked);
  return (
    listed && {
      ...listed,
      rows: listed.rows.map((row) => ({
        id: row.id,
        name: row.name,
        place: row.place,
        group: row.group_name,
        state: row.state,
        disabled:
          row.state !== 'disabled' || row.disabled_at === null
            ? null
            : { at: row.disabled_at.toISOString(), by: row.disabled_by ?? '', reason: row.disabled_reason ?? '' },
        online: (row.state === 'active' || row.state === 'disabled') && isFresh(row, now),
        lastSeenAt: asInstant(row.last_seen_at),
        enrolledAt: asInstant(row.enrolled_at),
        certificateExpiresAt: asInstant(row.certificate_expires_at),
        clockOffsetMs: row.clock_offset_ms,
        person: row.person === null || row.person_name === null ? null : { id: row.person, name: row.person_name },
      })),
    }
  );
};

/** All of them, by name. */
export const listTerminals = async (tx: Transaction, now: Date): Promise<TerminalSummary[]> =>
  (await listTerminalPage(tx, now, {}))?.rows ?? [];

/** How many are in use, and how many of them are connected. */
export const countTerminals = async (
  tx: Transaction,
  now: Date,
): Promise<{ readonly online: number; readonly active: number }> => {
  const [row] = await tx.query<{ online: number; active: number }>(
    `select count(*) filter (where standing = 'online')::int as online,
            count(*) filter (where standing in ('online', 'offline'))::int as active from (${rows}) listed`,
    [now],
  );
  return row ?? { online: 0, active: 0 };
};
