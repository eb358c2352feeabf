import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import type { EmergencyBatchId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { serialOf } from './emergencies.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing } from './listing.ts';
import { createUuid } from './uuid.ts';

export interface BatchToMake {
  readonly group: string;
  readonly note: string;
  /** What is stored of each code, in their order. */
  readonly indexes: readonly Buffer[];
  readonly by: PersonId;
  readonly approvedBy: PersonId | null;
}

export const insertBatch = async (
  tx: Transaction,
  now: Date,
  { group, note, indexes, by, approvedBy }: BatchToMake,
): Promise<EmergencyBatchId> => {
  const batch = createUuid(now) as EmergencyBatchId;
  await tx.query(
    `insert into emergency_batch (id, group_name, note, made_at, made_by, approved_by) values ($1, $2, $3, $4, $5, $6)`,
    [batch, group, note, now, by, approvedBy],
  );
  await tx.query(
    `insert into emergency_code (id, batch, place, code_index)
     select gen_random_uuid(), $1, place, code_index from unnest($2::bytea[]) with ordinality as g(code_index, place)`,
    [batch, indexes],
  );
  await tx.notify('changed', { what: 'emergency-codes' });
  return batch;
};

/** Unused codes of the batch by their serial numbers, or all. Undefined when there is no such batch. */
export const voidCodes = async (
  tx: Transaction,
  now: Date,
  batch: EmergencyBatchId,
  serials: readonly string[] | undefined,
  by: PersonId,
): Promise<string[] | undefined> => {
  const [known] = await tx.query<{ number: number }>('select number from emergency_batch where id = $1', [batch]);
  if (known === undefined) return undefined;
  const unused = await tx.query<{ id: string; place: number }>(
    'select id, place from emergency_code where batch = $1 and used_at is null and voided_at is null for update',
    [batch],
  );
  const meant = unused.filter(({ place }) => serials?.includes(serialOf(known.number, place)) ?? true);
  await tx.query('update emergency_code set voided_at = $2, voided_by = $3 where id = any($1)', [
    meant.map(({ id }) => id),
    now,
    by,
  ]);
  await tx.notify('changed', { what: 'emergency-codes' });
  return meant.map(({ place }) => serialOf(known.number, place)).sort();
};

interface Row {
  readonly id: EmergencyBatchId;
  readonly number: number;
  readonly group: string;
  readonly note: string;
  readonly made_at: Date;
  readonly by: string;
  readonly approved_by: string | null;
  readonly codes: readonly { place: number; used: string | null; voided: string | null; by: string | null }[];
}

type Sort = 'number' | 'group' | 'unused' | 'by';
/** `slips`: the serial numbers as they are printed, for whoever holds one. */
const listing: Listing<Sort> = {
  rows: `select b.id, b.number, b.group_name as group, b.note, b.made_at, m.name as by, a.name as approved_by,
            c.unused, c.slips, c.codes
       from emergency_batch b join person m on m.id = b.made_by left join person a on a.id = b.approved_by
       join lateral (
         select count(*) filter (where used_at is null and voided_at is null) as unused,
                string_agg(b.number || '-' || lpad(place::text, 2, '0'), E'\\n') as slips,
                json_agg(json_build_object('place', place, 'used', used_at, 'voided', voided_at, 'by', p.name)
                         order by place) as codes
           from emergency_code left join person p on p.id = coalesce(used_by, voided_by)
          where batch = b.id) c on true`,
  sorts: {
    number: { by: 'number', type: 'bigint', falls: true },
    group: { by: '"group"', type: 'text' },
    unused: { by: 'unused', type: 'bigint' },
    by: { by: 'by', type: 'text' },
  },
  usual: 'number',
  ties: [{ by: 'number', type: 'bigint', falls: true }],
  search: folded(`slips || E'\\n' || "group" || E'\\n' || note || E'\\n' || by || E'\\n' || coalesce(approved_by, '')`),
};

const toBatch = (row: Row): EmergencyBatch => ({
  id: row.id,
  number: row.number,
  group: row.group,
  note: row.note,
  madeAt: row.made_at.toISOString(),
  madeBy: row.by,
  approvedBy: row.approved_by,
  codes: row.codes.map(({ place, used, voided, by }) => {
    const at = used ?? voided;
    return {
      serial: serialOf(row.number, place),
      state: used !== null ? ('used' as const) : voided !== null ? ('voided' as const) : ('unused' as const),
      at: at === null ? null : new Date(at).toISOString(),
      by,
    };
  }),
});

export interface BatchesQuery extends ListingAsked<Sort> {
  readonly state?: 'left' | 'spent' | undefined;
}

/** The newest first. */
export const listBatches = async (
  tx: Transaction,
  { state, ...asked }: BatchesQuery,
): Promise<Listed<EmergencyBatch> | undefined> => {
  const where = state === undefined ? [] : [`unused ${state === 'left' ? '>' : '='} 0`];
  const listed = await readListing<Row, Sort>(tx, listing, { values: [], where }, asked);
  return listed && { ...listed, rows: listed.rows.map(toBatch) };
};

export const tryGetBatch = async (tx: Transaction, id: EmergencyBatchId): Promise<EmergencyBatch | undefined> => {
  const [row] = await tx.query<Row>(`select * from (${listing.rows}) listed where id = $1`, [id]);
  return row && toBatch(row);
};

/** How many codes each group of terminals has left, and each group that there are codes for. */
export const countUnused = (tx: Transaction): Promise<{ readonly group: string; readonly unused: number }[]> =>
  tx.query(
    `select g.name as group, count(c.id)::int as unused
       from (select coalesce(group_name, '') as name from terminal where state = 'active'
             union select group_name from emergency_batch) g
       left join emergency_batch b on b.group_name = g.name
       left join emergency_code c on c.batch = b.id and c.used_at is null and c.voided_at is null
      group by g.name order by g.name`,
  );

/** Groups that terminals are in, and the empty one for those that are in none. */
export const listGroups = async (tx: Transaction): Promise<string[]> => {
  const rows = await tx.query<{ name: string }>(
    `select distinct coalesce(group_name, '') as name from terminal where state = 'active' order by name`,
  );
  return rows.map(({ name }) => name);
};
