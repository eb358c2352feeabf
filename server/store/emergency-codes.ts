import type { EmergencyBatch } from '#contract/api/emergencies.ts';
import type { EmergencyBatchId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { serialOf } from './emergencies.ts';
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

const mostShown = 200;

/** The newest first; one batch by its id. */
export const listBatches = async (tx: Transaction, id: EmergencyBatchId | null = null): Promise<EmergencyBatch[]> => {
  const rows = await tx.query<Row>(
    `select b.id, b.number, b.group_name as group, b.note, b.made_at, m.name as by, a.name as approved_by,
            (select json_agg(json_build_object('place', c.place, 'used', c.used_at, 'voided', c.voided_at, 'by', p.name)
                    order by c.place)
               from emergency_code c left join person p on p.id = coalesce(c.used_by, c.voided_by)
              where c.batch = b.id) as codes
       from emergency_batch b join person m on m.id = b.made_by left join person a on a.id = b.approved_by
      where $1::uuid is null or b.id = $1 order by b.number desc limit $2`,
    [id, mostShown],
  );
  return rows.map((row) => ({
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
  }));
};

/** Groups that terminals are in, and the empty one for those that are in none. */
export const listGroups = async (tx: Transaction): Promise<string[]> => {
  const rows = await tx.query<{ name: string }>(
    `select distinct coalesce(group_name, '') as name from terminal where state = 'active' order by name`,
  );
  return rows.map(({ name }) => name);
};
