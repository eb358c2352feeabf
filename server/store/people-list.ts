import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import type { Transaction } from './database.ts';
import { type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

type Sort = 'changed' | 'number' | 'kana' | 'name' | 'state';

const listing: Listing<Sort> = {
  rows: 'select id, number, name, kana, state, roles, changed_at, created_at, search from person',
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
  readonly cards?: 'held' | 'none' | 'wanted' | undefined;
  readonly enrolledSince?: string | undefined;
  readonly addedAt?: string | undefined;
  /** With commas between. */
  readonly ids?: string | undefined;
  /** Whoever asks may enrol a card for people of every role, and not for clinicians alone (`mayChangeFactorsOf`). */
  readonly forAnybody: boolean;
}

const ownCard = `select 1 from card c where c.person = listed.id and c.state in ('active', 'suspended')`;

/** By number, name or kana; those changed last when nothing else is wanted, and by number where something is searched for. */
export const listPeople = async (
  tx: Transaction,
  { state, role, cards, enrolledSince, addedAt, ids, forAnybody, ...asked }: PeopleQuery,
): Promise<Listed<PersonSummary> | undefined> => {
  const sort = asked.sort ?? ((asked.search ?? '').trim() === '' ? 'changed' : 'number');
  const values: unknown[] = [];
  const where: string[] = [];
  if (state !== undefined) where.push(`state = $${values.push(state)}`);
  if (role !== undefined) where.push(`$${values.push(role)} = any(roles)`);
  if (cards === 'held') where.push(`exists (${ownCard})`);
  if (cards === 'none' || cards === 'wanted') where.push(`not exists (${ownCard})`);
  if (cards === 'wanted') where.push(`state = 'active'`);
  if (cards === 'wanted' && !forAnybody) where.push(`roles <@ '{clinician}'`);
  if (enrolledSince !== undefined)
    where.push(`exists (${ownCard} and c.enrolled_at >= $${values.push(new Date(enrolledSince))})`);
  if (addedAt !== undefined) where.push(`created_at = $${values.push(new Date(addedAt))}`);
  if (ids !== undefined) where.push(`id = any($${values.push(ids.split(','))}::uuid[])`);
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
