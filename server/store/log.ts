import type { EventFacts, StoredEvent } from '#contract/audit.ts';
import type { EventId, PersonId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { record } from './events.ts';

export interface LogQuery {
  readonly before?: EventId | undefined;
  readonly person?: PersonId | undefined;
  readonly terminal?: TerminalId | undefined;
  readonly kind?: EventFacts['kind'] | undefined;
  readonly supportCode?: string | undefined;
  readonly limit: number;
}

type EventRow = Omit<StoredEvent, 'at' | 'happenedAt'> & { readonly at: Date; readonly happenedAt: Date | null };

/** Newest first; `before` is the last event of the page before. A person's events are those about and those by them. */
export const listEvents = async (tx: Transaction, asked: LogQuery): Promise<StoredEvent[]> => {
  const values: unknown[] = [asked.limit];
  const where: string[] = ['true'];
  const given = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  given(asked.before, (place) => `e.seq < (select seq from event where id = ${place})`);
  given(asked.person, (place) => `(e.person = ${place} or e.actor = ${place})`);
  given(asked.terminal, (place) => `e.terminal = ${place}`);
  given(asked.kind, (place) => `e.kind = ${place}`);
  given(asked.supportCode && normaliseSupportCode(asked.supportCode), (place) => `e.support_code = ${place}`);
  const rows = await tx.query<EventRow>(
    `select e.id, e.at, e.happened_at as "happenedAt", e.kind, e.outcome, e.person, e.actor, e.terminal, e.card,
            e.attempt, e.session, e.ceremony, e.factors, e.reason, e.support_code as "supportCode", e.detail,
            t.name as "terminalName", p.name as "personName", p.number as "personNumber", a.name as "actorName",
            c.label as "cardLabel"
       from (select * from event e where ${where.join(' and ')} order by e.seq desc limit $1) e
       left join terminal t on t.id = e.terminal
       left join person p on p.id = e.person
       left join person a on a.id = e.actor
       left join card c on c.id = e.card
      order by e.seq desc`,
    values,
  );
  return rows.map((row) => ({
    ...row,
    at: row.at.toISOString(),
    happenedAt: row.happenedAt?.toISOString() ?? null,
  }));
};

/** As it was heard on the telephone: any case, with or without hyphens, full-width too. */
const normaliseSupportCode = (heard: string): string => {
  const bare = heard
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
  return [bare.slice(0, 3), bare.slice(3, 6), bare.slice(6)].join('-');
};

const quietMilliseconds = 60_000;

/** Looking at the log is itself an event; at most one a minute for each console session. */
export const recordViewing = async (
  tx: Transaction,
  now: Date,
  viewer: { readonly session: string; readonly person: PersonId; readonly terminal: TerminalId | null },
  asked: LogQuery,
): Promise<void> => {
  const recent = await tx.query(
    `select 1 from event where kind = 'log.viewed' and actor = $1 and at > $2 and detail->>'session' = $3 limit 1`,
    [viewer.person, new Date(now.getTime() - quietMilliseconds), viewer.session],
  );
  if (recent.length > 0) return;
  await record(tx, now, {
    kind: 'log.viewed',
    outcome: 'success',
    actor: viewer.person,
    terminal: viewer.terminal,
    person: asked.person ?? null,
    detail: {
      session: viewer.session,
      ...(asked.kind ? { kind: asked.kind } : {}),
      ...(asked.terminal ? { terminal: asked.terminal } : {}),
      ...(asked.supportCode ? { supportCode: asked.supportCode } : {}),
    },
  });
};
