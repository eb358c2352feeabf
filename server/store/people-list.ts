import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { foldForSearch } from '#core/policy/text.ts';
import type { Transaction } from './database.ts';

export type Sort = 'changed' | 'number' | 'kana';

export interface PeopleQuery {
  readonly search: string;
  readonly state?: PersonSummary['state'] | undefined;
  readonly role?: Role | undefined;
  readonly sort?: Sort | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: Place | null;
}

/** The last person of a page, by what the list is sorted by. */
export interface Place {
  readonly changedAt: string;
  readonly number: string;
  readonly id: string;
  readonly kana: string;
}

type Found = PersonSummary & { readonly changedAt: Date };

/** How a page begins behind the last person of the one before, by the sort. */
const orders: Readonly<
  Record<Sort, { readonly by: string; readonly behind: (last: (value: string) => string) => string }>
> = {
  changed: {
    by: 'changed_at desc, number, id',
    behind: (last) =>
      `(changed_at < ${last('changedAt')}::timestamptz or (changed_at = ${last('changedAt')}::timestamptz
        and (number, id) > (${last('number')}, ${last('id')}::uuid)))`,
  },
  number: { by: 'number, id', behind: (last) => `(number, id) > (${last('number')}, ${last('id')}::uuid)` },
  kana: {
    by: 'kana, number, id',
    behind: (last) => `(kana, number, id) > (${last('kana')}, ${last('number')}, ${last('id')}::uuid)`,
  },
};

/** By number, name or kana; those changed last when nothing else is wanted. One more than the limit tells of a next page. */
export const listPeople = async (
  tx: Transaction,
  { search, state, role, sort, limit, after }: PeopleQuery,
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
  const order = orders[sort ?? (folded === '' ? 'changed' : 'number')];
  if (after !== null) where.push(order.behind((name) => `$${values.push(after[name as keyof Place])}`));
  const rows = await tx.query<Found>(
    `select id, number, name, kana, state, roles, changed_at as "changedAt" from person where ${where.join(' and ')}
      order by ${order.by} limit $1`,
    values,
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    people: page.map(({ changedAt: _, ...person }) => person),
    next:
      last === undefined
        ? null
        : { changedAt: last.changedAt.toISOString(), number: last.number, id: last.id, kana: last.kana },
  };
};
