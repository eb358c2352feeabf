import type { SavedFilter } from '#contract/api/saved-filters.ts';
import type { PersonId, SavedFilterId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

/** So many may a person have. */
const most = 50;

export const listSavedFilters = (tx: Transaction, person: PersonId): Promise<SavedFilter[]> =>
  tx.query<SavedFilter>('select id, list, name, filter from saved_filter where person = $1 order by list, name, id', [
    person,
  ]);

export const insertSavedFilter = async (
  tx: Transaction,
  now: Date,
  person: PersonId,
  { list, name, filter }: Omit<SavedFilter, 'id'>,
): Promise<SavedFilter | 'taken' | 'too-many'> => {
  // One after the other for each person, so that nobody has more than that.
  await tx.query('select 1 from person where id = $1 for no key update', [person]);
  const [held] = await tx.query<{ count: number }>(
    'select count(*)::int as count from saved_filter where person = $1',
    [person],
  );
  if ((held?.count ?? 0) >= most) return 'too-many';
  const [row] = await tx.query<SavedFilter>(
    `insert into saved_filter (id, person, list, name, filter, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning id, list, name, filter`,
    [createUuid(now), person, list, name, filter, now],
  );
  return row ?? 'taken';
};

/** Of the person's own alone. */
export const renameSavedFilter = async (
  tx: Transaction,
  person: PersonId,
  id: SavedFilterId,
  name: string,
): Promise<'renamed' | 'taken' | 'unknown'> => {
  await tx.query('select 1 from person where id = $1 for no key update', [person]);
  const [row] = await tx.query<{ taken: boolean }>(
    `select exists (select 1 from saved_filter other
                     where other.person = own.person and other.list = own.list and other.name = $3 and other.id <> own.id) as taken
       from saved_filter own where own.id = $2 and own.person = $1`,
    [person, id, name],
  );
  if (row === undefined) return 'unknown';
  if (row.taken) return 'taken';
  await tx.query('update saved_filter set name = $3 where id = $2 and person = $1', [person, id, name]);
  return 'renamed';
};

/** False: the person has none of this identifier. */
export const deleteSavedFilter = async (tx: Transaction, person: PersonId, id: SavedFilterId): Promise<boolean> => {
  const gone = await tx.query('delete from saved_filter where id = $1 and person = $2 returning 1', [id, person]);
  return gone.length === 1;
};
