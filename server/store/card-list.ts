import type { HeldCard } from '#contract/api/cards.ts';
import type { PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

interface Row extends Pick<HeldCard, 'id' | 'kind' | 'label' | 'technology' | 'assurance' | 'ending' | 'state'> {
  readonly enrolled_at: Date;
  readonly revoked_at: Date | null;
  readonly person: PersonId | null;
  readonly person_name: string;
  readonly person_number: string;
}

type Sort = 'enrolled' | 'label' | 'ending' | 'kind' | 'assurance' | 'person' | 'state';
const listing: Listing<Sort> = {
  rows: `select c.id, c.kind, c.label, c.technology, c.assurance, c.ending, c.state, c.enrolled_at, c.revoked_at,
            p.id as person, coalesce(p.name, '') as person_name, coalesce(p.number, '') as person_number,
            coalesce(p.search, '') as person_search
       from card c left join substitute s on s.card = c.id and s.ended_at is null
       left join person p on p.id = coalesce(c.person, s.person)`,
  sorts: {
    enrolled: { by: timeKey('enrolled_at'), type: 'bigint', falls: true },
    label: { by: 'label', type: 'text' },
    ending: { by: 'ending', type: 'text' },
    kind: { by: 'kind', type: 'text' },
    assurance: { by: 'assurance', type: 'text' },
    person: { by: 'person_name', type: 'text' },
    state: { by: 'state', type: 'text' },
  },
  usual: 'enrolled',
  ties: [
    { by: timeKey('enrolled_at'), type: 'bigint', falls: true },
    { by: 'id', type: 'uuid' },
  ],
  search: `${folded(`label || E'\\n' || ending`)} || E'\\n' || person_search`,
};

export interface CardsQuery extends ListingAsked<Sort> {
  readonly kind?: HeldCard['kind'] | undefined;
  readonly technology?: HeldCard['technology'] | undefined;
  readonly assurance?: HeldCard['assurance'] | undefined;
  readonly state?: HeldCard['state'] | undefined;
  readonly since?: string | undefined;
}

/** Cards of people and of the stock, those enrolled last first. */
export const listAllCards = async (
  tx: Transaction,
  { kind, technology, assurance, state, since, ...asked }: CardsQuery,
): Promise<Listed<HeldCard> | undefined> => {
  const values: unknown[] = [];
  const where = Object.entries({ kind, technology, assurance, state }).flatMap(([column, value]) =>
    value === undefined ? [] : [`${column} = $${values.push(value)}`],
  );
  if (since !== undefined) where.push(`enrolled_at >= $${values.push(new Date(since))}`);
  const listed = await readListing<Row, Sort>(tx, listing, { values, where }, asked);
  if (listed === undefined) return undefined;
  const cards = listed.rows.map(
    ({ id, kind: of, label, person, ...row }): HeldCard => ({
      id,
      label,
      technology: row.technology,
      assurance: row.assurance,
      ending: row.ending,
      state: row.state,
      enrolledAt: row.enrolled_at.toISOString(),
      revokedAt: row.revoked_at?.toISOString() ?? null,
      kind: of,
      person: person === null ? null : { id: person, name: row.person_name, number: row.person_number },
    }),
  );
  return { ...listed, rows: cards };
};
