import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { foldForSearch } from '#core/policy/text.ts';
import type { Transaction } from './database.ts';

export interface PeopleQuery {
  readonly search: string;
  readonly state?: PersonSummary['state'] | undefined;
  readonly role?: Role | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: Place | null;
}

/** The last person of a page, by what the list is sorted by. */
export interface Place {
  readonly changedAt: string;
  readonly number: string;
  readonly id: string;
}

type Found = PersonSummary & { readonly changedAt: Date };

/** By number, name or kana; those changed last when nothing is searched for. One more than the limit tells of a next page. */
export const listPeople = async (
  tx: Transaction,
  { search, state, role, limit, after }: PeopleQuery,
): Promise<{ readonly people: PersonSummary[]; readonly next: Place | null }> => {
  const folded = foldForSearch(search);
  const values: unknown[] = [limit + 1];
  const where: string[] = ['true'];
  const given = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  given(folded === '' ? undefined : folded, (place) => `position(${place} in search) > 0`);
  given(state, (place) => `state = ${place}`);
  given(role, (place) => `${place} = any(roles)`);
  if (after !== null) {
    const places = [after.changedAt, after.number, after.id].map((value) => `$${values.push(value)}`);
    where.push(
      folded === ''
        ? `(changed_at < ${places[0]} or (changed_at = ${places[0]} and (number, id) > (${places[1]}, ${places[2]}::uuid)))`
        : `${places[0]}::timestamptz is not null and (number, id) > (${places[1]}, ${places[2]}::uuid)`,
    );
  }
  const rows = await tx.query<Found>(
    `select id, number, name, kana, state, roles, changed_at as "changedAt" from person where ${where.join(' and ')}
      order by ${folded === '' ? 'changed_at desc, ' : ''}number, id limit $1`,
    values,
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    people: page.map(({ changedAt: _, ...person }) => person),
    next: last === undefined ? null : { changedAt: last.changedAt.toISOString(), number: last.number, id: last.id },
  };
};
