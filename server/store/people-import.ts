import type { ImportedFacts } from '#contract/api/imports.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import type { PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { searchTextOf } from './people.ts';
import { createUuid } from './uuid.ts';

/** Everybody who has not left, in a fixed order. */
export const listEverybody = (tx: Transaction): Promise<PersonSummary[]> =>
  tx.query<PersonSummary>('select id, number, name, kana, state, roles from person where left_at is null order by id');

/** Their identifiers in the same order; undefined when a number is taken, and then nothing may stay of the transaction. */
export const insertAll = async (
  tx: Transaction,
  now: Date,
  people: readonly ImportedFacts[],
): Promise<PersonId[] | undefined> => {
  if (people.length === 0) return [];
  const rows = people.map((person) => ({ ...person, id: createUuid(now) as PersonId, search: searchTextOf(person) }));
  const stored = await tx.query(
    `insert into person (id, number, name, kana, state, roles, search, created_at, changed_at)
     select id, number, name, kana, state, roles, search, $1, $1
       from jsonb_to_recordset($2) as row (id uuid, number text, name text, kana text, state text, roles text[], search text)
     on conflict do nothing returning id`,
    [now, JSON.stringify(rows)],
  );
  await tx.notify('changed', { what: 'people' });
  return stored.length === rows.length ? rows.map(({ id }) => id) : undefined;
};

/** Name, kana, roles and state; whoever calls holds the rows. */
export const updateAll = async (tx: Transaction, now: Date, people: readonly PersonSummary[]): Promise<void> => {
  if (people.length === 0) return;
  const rows = people.map((person) => ({ ...person, search: searchTextOf(person) }));
  await tx.query(
    `update person set name = row.name, kana = row.kana, roles = row.roles, state = row.state, search = row.search,
                       changed_at = $1
       from jsonb_to_recordset($2) as row (id uuid, name text, kana text, state text, roles text[], search text)
      where person.id = row.id`,
    [now, JSON.stringify(rows)],
  );
  await tx.notify('changed', { what: 'people' });
};
