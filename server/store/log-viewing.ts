import type { LogFilter } from '#contract/api/log-filter.ts';
import type { EventId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { isMark } from './event-stretches.ts';
import { record } from './events.ts';
import { timeOf } from './uuid.ts';

/** Of a filter what stands in the event, but for the person whom it is about. */
const detailOf = ({ kind, terminal, supportCode, period, from, to }: LogFilter): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ kind, terminal, supportCode, period, from, to }).filter(
      (member): member is [string, string] => member[1] !== undefined,
    ),
  );

const quietMilliseconds = 60_000;

export interface Viewer {
  readonly session: string;
  readonly person: PersonId;
  readonly terminal: TerminalId | null;
  /** True where an open page asks by itself. */
  readonly unasked: boolean;
}

/**
 * Looking at the log is itself an event; at most one a minute for each console session. What an open page asks by itself
 * belongs to the look that opened it: it is written only where the session has none by this filter, whatever a page says.
 */
export const recordViewing = async (
  tx: Transaction,
  now: Date,
  { session, person: actor, terminal, unasked }: Viewer,
  asked: LogFilter,
): Promise<void> => {
  const recent = await tx.query(
    `select 1 from event
      where kind = 'log.viewed' and ${isMark} and actor = $1 and at > $2 and at <= $3 and detail->>'session' = $4 limit 1`,
    [actor, new Date(now.getTime() - quietMilliseconds), now, session],
  );
  if (recent.length > 0) return;
  const person = asked.person ?? null;
  const detail = { session, ...detailOf(asked) };
  if (unasked) {
    const opened = await tx.query(
      `select 1 from event
        where kind = 'log.viewed' and ${isMark} and actor = $1 and at >= $2 and person is not distinct from $3 and detail = $4::jsonb
        order by seq desc limit 1`,
      [actor, timeOf(session), person, JSON.stringify(detail)],
    );
    if (opened.length > 0) return;
  }
  await record(tx, now, {
    kind: 'log.viewed',
    outcome: 'success',
    actor,
    terminal,
    person,
    detail,
  });
};

/** How long an export may take from its event on. */
const exportMilliseconds = 3_600_000;

/** Whether the log has it that this person exports these lines at the moment. */
export const isExporting = async (
  tx: Transaction,
  now: Date,
  person: PersonId,
  { begin, end }: { readonly begin: number; readonly end: number },
): Promise<boolean> => {
  const rows = await tx.query(
    `select 1 from event
      where kind = 'log.exported' and ${isMark} and actor = $1 and at > $2
        and (detail ->> 'from')::bigint <= $3 and (detail ->> 'size')::bigint >= $4 limit 1`,
    [person, new Date(now.getTime() - exportMilliseconds), begin, end],
  );
  return rows.length === 1;
};

/** An excerpt of the log that is on its way into a file. */
export interface Excerpt {
  readonly person: PersonId;
  readonly terminal: TerminalId | null;
  readonly format: string;
  readonly filter: LogFilter;
}

/** The event of an excerpt: `exported` where it is one of this person, this filter and not long ago; else one that is written now. */
export const recordExcerpt = async (
  tx: Transaction,
  now: Date,
  { person, terminal, format, filter }: Excerpt,
  exported: EventId | undefined,
): Promise<EventId> => {
  const detail = { format, ...detailOf(filter) };
  const about = filter.person ?? null;
  if (exported !== undefined) {
    const known = await tx.query(
      `select 1 from event where id = $1 and at = $2 and at > $3 and kind = 'log.excerpt-exported' and actor = $4
          and person is not distinct from $5 and detail = $6::jsonb`,
      [exported, timeOf(exported), new Date(now.getTime() - exportMilliseconds), person, about, JSON.stringify(detail)],
    );
    if (known.length === 1) return exported;
  }
  return record(tx, now, {
    kind: 'log.excerpt-exported',
    outcome: 'success',
    actor: person,
    terminal,
    person: about,
    detail,
  });
};
