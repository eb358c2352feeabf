import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { Transaction } from './database.ts';
import { type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

type Sort = 'changed' | 'number' | 'kana' | 'name' | 'state';

const listing: Listing<Sort> = {
  rows: 'select id, number, name, kana, state, roles, changed_at, search from person',
  sorts: {
    changed: { by: timeKey('changed_at'), type: 'bigint', falls: true },
    number: { by: 'number', type: 'text' },
    kana: { by: 'kana', type: 'text' },
    name: { by: 'name', type: 'text' },
    state: { by: 'state', type: 'text' },
  },
  usual: 'changed',
  ties: [
    { by: 'number', type: 'text' },
    { by: 'id', type: 'uuid' },
  ],
  search: 'search',
};

export interface PeopleQuery extends ListingAsked<Sort> {
  readonly state?: PersonSummary['state'] | undefined;
  readonly role?: Role | undefined;
}

/** By number, name or kana; those changed last when nothing else is wanted, and by number where something is searched for. */
export const listPeople = async (
  tx: Transaction,
  { state, role, ...asked }: PeopleQuery,
): Promise<Listed<PersonSummary> | undefined> => {
  const sort = asked.sort ?? ((asked.search ?? '').trim() === '' ? 'changed' : 'number');
  const values: unknown[] = [];
  const where: string[] = [];
  if (state !== undefined) where.push(`state = $${values.push(state)}`);
  if (role !== undefined) where.push(`$${values.push(role)} = any(roles)`);
  const listed = await readListing<PersonSummary, Sort>(tx, listing, { values, where }, { ...asked, sort });
  return (
    listed && {
      ...listed,
      rows: listed.rows.map(({ id, number, name, kana, state: standing, roles }) => ({
        id,
        number,
        name,
        kana,
        state: standing,
        roles,
      })),
    }
  );
};
