import { type EventFacts, type EventInput, eventFacts } from '#contract/audit.ts';
import type { EventId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export type EventToRecord = EventInput & {
  /** Where it happened. */
  readonly terminal?: TerminalId | null;
  /** By the terminal's clock, when a terminal reported it. */
  readonly happenedAt?: Date | null;
};

/** The place of a terminal's journal record, by which it is stored once. */
export interface RecordPlace {
  readonly epoch: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
}

/** Writes one line of the log in the transaction of what it records. */
export const record = async (tx: Transaction, now: Date, toRecord: EventToRecord): Promise<EventId> => {
  const id = createUuid(now) as EventId;
  await insert(tx, id, now, toRecord, null);
  await tx.notify('changed', { what: 'events' });
  return id;
};

/** Writes a terminal's journal record; false when it is stored already. */
export const recordOnce = async (
  tx: Transaction,
  now: Date,
  toRecord: EventToRecord,
  place: RecordPlace,
): Promise<boolean> => insert(tx, createUuid(now), now, toRecord, place);

/** PostgreSQL holds neither U+0000 nor half a surrogate pair: both become U+FFFD. */
const storable = (text: string): string => text.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd');

const storableDetail = (detail: EventFacts['detail']): EventFacts['detail'] =>
  Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      storable(name),
      typeof value === 'string' ? storable(value) : value,
    ]),
  );

const insert = async (
  tx: Transaction,
  id: string,
  now: Date,
  { terminal, happenedAt, ...input }: EventToRecord,
  place: RecordPlace | null,
): Promise<boolean> => {
  const facts = eventFacts.parse(input);
  const stored = await tx.query(
    `insert into event (id, at, happened_at, kind, outcome, person, actor, terminal, card, attempt, session, ceremony,
                        factors, reason, support_code, detail, epoch, sequence, previous, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
     on conflict on constraint event_record do nothing
     returning seq`,
    [
      id,
      now,
      happenedAt ?? null,
      facts.kind,
      facts.outcome,
      facts.person ?? null,
      facts.actor ?? null,
      terminal ?? null,
      facts.card ?? null,
      facts.attempt ?? null,
      facts.session ?? null,
      facts.ceremony ?? null,
      facts.factors,
      facts.reason == null ? null : storable(facts.reason),
      facts.supportCode == null ? null : storable(facts.supportCode),
      storableDetail(facts.detail),
      place?.epoch ?? null,
      place?.sequence ?? null,
      place?.previous ?? null,
      place?.hash ?? null,
    ],
  );
  return stored.length === 1;
};
