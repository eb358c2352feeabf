import { type EventFacts, type EventInput, eventFacts } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { createUuid } from './uuid.ts';

export type EventToRecord = EventInput & {
  /** Where it happened. */
  readonly terminal?: TerminalId | null;
  /** By the terminal's clock, when a terminal reported it. */
  readonly happenedAt?: Date | null;
};

/** Columns of an event that the server itself writes. */
export const eventColumns =
  'id, at, happened_at, kind, outcome, person, actor, terminal, card, attempt, session, ceremony, factors, reason, support_code, detail';
/** The same as `json_to_recordset` reads them. */
export const eventRecord = `id uuid, at timestamptz, happened_at timestamptz, kind text, outcome text, person uuid, actor uuid,
  terminal uuid, card uuid, attempt uuid, session uuid, ceremony uuid, factors text[], reason text, support_code text,
  detail jsonb`;

export interface EventRow {
  readonly id: string;
  readonly at: Date;
  readonly happened_at: Date | null;
  readonly kind: string;
  readonly outcome: string;
  readonly person: string | null;
  readonly actor: string | null;
  readonly terminal: string | null;
  readonly card: string | null;
  readonly attempt: string | null;
  readonly session: string | null;
  readonly ceremony: string | null;
  readonly factors: readonly string[];
  readonly reason: string | null;
  readonly support_code: string | null;
  readonly detail: EventFacts['detail'];
}

/** PostgreSQL holds neither U+0000 nor half a surrogate pair: both become U+FFFD. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();
const storable = (text: string): string => (isStorable(text) ? text : text.replaceAll('\0', '\ufffd').toWellFormed());

const isStorableDetail = (detail: EventFacts['detail']): boolean => {
  for (const name in detail) {
    const value = detail[name];
    if (!isStorable(name) || (typeof value === 'string' && !isStorable(value))) return false;
  }
  return true;
};
const storableDetail = (detail: EventFacts['detail']): EventFacts['detail'] =>
  isStorableDetail(detail)
    ? detail
    : Object.fromEntries(
        Object.entries(detail).map(([name, value]) => [
          storable(name),
          typeof value === 'string' ? storable(value) : value,
        ]),
      );

/** Years that are written with four digits: a clock that is wrong beyond them stands in the way of no record. */
const span = { from: Date.parse('0001-01-01T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59.999Z') };
const storableTime = (time: Date): Date => {
  const at = time.getTime();
  if (at < span.from) return new Date(span.from);
  return at > span.to ? new Date(span.to) : time;
};

/** An event as it is stored, checked against the vocabulary. Times are the server's. */
export const toEventRow = (now: Date, { terminal, happenedAt, ...input }: EventToRecord): EventRow =>
  asEventRow(createUuid(now), now, eventFacts.parse(input), terminal ?? null, happenedAt ?? null);

/** The same of facts that were held against the vocabulary already. */
export const asEventRow = <Id extends string | null>(
  id: Id,
  now: Date,
  facts: EventFacts,
  terminal: TerminalId | null,
  happenedAt: Date | null,
): Omit<EventRow, 'id'> & { readonly id: Id } => ({
  id,
  at: now,
  happened_at: happenedAt && storableTime(happenedAt),
  kind: facts.kind,
  outcome: facts.outcome,
  person: facts.person ?? null,
  actor: facts.actor ?? null,
  terminal,
  card: facts.card ?? null,
  attempt: facts.attempt ?? null,
  session: facts.session ?? null,
  ceremony: facts.ceremony ?? null,
  factors: facts.factors,
  reason: facts.reason == null ? null : storable(facts.reason),
  support_code: facts.supportCode == null ? null : storable(facts.supportCode),
  detail: storableDetail(facts.detail),
});
