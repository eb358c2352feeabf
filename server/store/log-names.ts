import type { EventFacts } from '#contract/audit.ts';
import { namedDetails } from '#contract/event-details.ts';
import type { Transaction } from './database.ts';

type Named = Pick<EventFacts, 'detail'>;

const identifier = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What stands there may be another text: terminals write details too. */
const identifiersIn = ({ detail }: Named): readonly string[] =>
  namedDetails.flatMap((name) => String(detail[name] ?? '').split(' ')).filter((word) => identifier.test(word));

/** The same events, those whose details name somebody or something by an identifier with the names. One question for all of them. */
export const nameDetails = async <Event extends Named>(
  tx: Transaction,
  events: readonly Event[],
): Promise<(Event & { readonly names?: Record<string, string> })[]> => {
  const wanted = new Set(events.flatMap(identifiersIn));
  if (wanted.size === 0) return [...events];
  const rows = await tx.query<{ id: string; name: string }>(
    `select id, name || ' · ' || number as name from person where id = any($1::uuid[])
     union all select id, name from terminal where id = any($1::uuid[])
     union all select id, coalesce(nullif(label, ''), ending) from card where id = any($1::uuid[])`,
    [[...wanted]],
    'log-names',
  );
  const known = new Map(rows.map(({ id, name }) => [id, name]));
  return events.map((event) => {
    const names = identifiersIn(event).flatMap((id) => (known.has(id) ? [[id, known.get(id) ?? '']] : []));
    return names.length === 0 ? event : { ...event, names: Object.fromEntries(names) };
  });
};
