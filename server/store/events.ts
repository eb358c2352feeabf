import type { EventId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { type EventToRecord, eventColumns, eventRecord, toEventRow } from './event-rows.ts';

export type { EventToRecord };

/** The place of a terminal's journal record. */
export interface RecordPlace {
  readonly epoch: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
}

/** Writes one line of the log in the transaction of what it records. */
export const record = async (tx: Transaction, now: Date, toRecord: EventToRecord): Promise<EventId> => {
  const row = toEventRow(now, toRecord);
  await insert(tx, [row]);
  await tx.notify('changed', { what: 'events' });
  return row.id as EventId;
};

/** Several lines, in this order. */
export const recordAll = async (tx: Transaction, now: Date, toRecord: readonly EventToRecord[]): Promise<void> => {
  if (toRecord.length === 0) return;
  await insert(
    tx,
    toRecord.map((one) => toEventRow(now, one)),
  );
  await tx.notify('changed', { what: 'events' });
};

const insert = (tx: Transaction, rows: readonly object[]): Promise<unknown> =>
  tx.query(
    `insert into event (${eventColumns}) select ${eventColumns} from jsonb_to_recordset($1::jsonb) as e(${eventRecord})`,
    [JSON.stringify(rows)],
    'record',
  );

/** Writes a terminal's journal records in their order. That each place is written once is the caller's to see to. */
export const recordJournal = async (
  tx: Transaction,
  now: Date,
  records: readonly { readonly event: EventToRecord; readonly place: RecordPlace }[],
): Promise<void> => {
  if (records.length === 0) return;
  await tx.query(
    `insert into event (${eventColumns}, epoch, sequence, previous, hash)
     select ${eventColumns}, epoch, sequence, previous, hash
       from rows from (json_to_recordset($1) as (
         ${eventRecord}, epoch uuid, sequence bigint, previous text, hash text
       )) with ordinality as line order by ordinality`,
    [JSON.stringify(records.map(({ event, place }) => ({ ...toEventRow(now, event), ...place })))],
    'record-journal',
  );
  await tx.notify('changed', { what: 'events' });
};
