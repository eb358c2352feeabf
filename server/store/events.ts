import type { EventId } from '#contract/ids.ts';
import { type CopyWriter, createCopyWriter } from './copy.ts';
import type { Transaction } from './database.ts';
import { type EventRow, type EventToRecord, eventColumns, eventRecord, toEventRow } from './event-rows.ts';
import { findAlike } from './event-stretches.ts';

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
    `insert into event (${eventColumns}) select ${eventColumns} from json_to_recordset($1::json) as e(${eventRecord})`,
    [JSON.stringify(rows)],
    'record',
  );

/** A journal record as it is stored; `place` is null for what no terminal has written. */
export interface JournalRow {
  /** Without an identifier it gets a fresh one. */
  readonly event: Omit<EventRow, 'id'> & { readonly id: string | null };
  readonly place: RecordPlace | null;
}

const journalColumns = `seq, ${eventColumns}, epoch, sequence, previous, hash, alike`;
const columnCount = journalColumns.split(',').length;
/** Hardly any takes more. */
const bytesOfRow = 600;

/**
 * Room that was written into before and is free again: to get some megabytes from the system many times a second costs as much as
 * to write into them, and has the collector of garbage go through everything again and again.
 */
const rooms: ArrayBufferLike[] = [];
const mostRooms = 4;
const takeRoom = (length: number): Buffer => {
  const place = rooms.findIndex(({ byteLength }) => byteLength >= length);
  const [room] = place < 0 ? [] : rooms.splice(place, 1);
  return room === undefined ? Buffer.allocUnsafeSlow(length) : Buffer.from(room);
};

const writeJournalRow = (to: CopyWriter, seq: number, alike: number, { event, place }: JournalRow): void => {
  to.row(columnCount);
  to.bigint(seq);
  if (event.id === null) to.freshUuid(event.at);
  else to.uuid(event.id);
  to.timestamp(event.at);
  to.timestamp(event.happened_at);
  to.text(event.kind);
  to.text(event.outcome);
  to.uuid(event.person);
  to.uuid(event.actor);
  to.uuid(event.terminal);
  to.uuid(event.card);
  to.uuid(event.attempt);
  to.uuid(event.session);
  to.uuid(event.ceremony);
  to.texts(event.factors);
  to.text(event.reason);
  to.text(event.support_code);
  to.jsonb(event.detail);
  to.uuid(place?.epoch ?? null);
  to.bigint(place?.sequence ?? null);
  to.text(place?.previous ?? null);
  to.text(place?.hash ?? null);
  to.smallint(alike);
};

/**
 * Journal records as lines of the log, numbered, in their order; null where there are none. That each place is written once is
 * the caller's to see to.
 */
export const writeJournal = async (tx: Transaction, rows: readonly JournalRow[]): Promise<Buffer | null> => {
  if (rows.length === 0) return null;
  const [drawn] = await tx.query<{ seqs: string }>(
    "select array_to_string(next_event_seqs($1), ',') as seqs",
    [rows.length],
    'draw-numbers',
  );
  const seqs = drawn?.seqs.split(',').map(Number) ?? [];
  const alike = findAlike(rows, seqs);
  const writer = createCopyWriter(takeRoom(rows.length * bytesOfRow));
  for (const [place, row] of rows.entries())
    writeJournalRow(writer, seqs[place] as number, alike[place] as number, row);
  return writer.end();
};

/** Puts what `writeJournal` made into the log: by COPY, which costs PostgreSQL half of what an `insert` does. */
export const storeLines = async (tx: Transaction, lines: Buffer | null): Promise<void> => {
  if (lines === null) return;
  await tx.copy(`copy event (${journalColumns}) from stdin (format binary)`, lines);
  // PostgreSQL has taken all of it.
  rooms.push(lines.buffer);
  if (rooms.length > mostRooms) rooms.shift();
  await tx.notify('changed', { what: 'events' });
};

/** Both. */
export const recordJournal = async (tx: Transaction, rows: readonly JournalRow[]): Promise<void> =>
  storeLines(tx, await writeJournal(tx, rows));
