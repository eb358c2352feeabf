import type { EventId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { type EventToRecord, eventColumns, eventRecord, toEventRow } from './event-rows.ts';

export type { EventToRecord };

/** The place of a terminal's journal record, by which it is stored once. */
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

/** Writes a terminal's journal record; false when it is stored already. */
export const recordOnce = async (
  tx: Transaction,
  now: Date,
  toRecord: EventToRecord,
  place: RecordPlace,
): Promise<boolean> => {
  const stored = await tx.query(
    `insert into event (${eventColumns}, epoch, sequence, previous, hash)
     select ${eventColumns}, $2, $3, $4, $5 from jsonb_to_recordset($1::jsonb) as e(${eventRecord})
     on conflict on constraint event_record do nothing
     returning seq`,
    [JSON.stringify([toEventRow(now, toRecord)]), place.epoch, place.sequence, place.previous, place.hash],
    'record-once',
  );
  return stored.length === 1;
};
