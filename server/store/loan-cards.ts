import type { LoanCard } from '#contract/api/substitutes.ts';
import type { Assurance, Technology } from '#contract/card.ts';
import type { CardId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';
import type { CardState } from './taps.ts';

/** The state of a loan card, held until the transaction ends. Undefined for a card that is none. */
export const tryLockLoanCard = async (tx: Transaction, id: CardId): Promise<CardState | undefined> => {
  const [row] = await tx.query<{ state: CardState }>(
    `select state from card where id = $1 and kind = 'loan' for no key update`,
    [id],
  );
  return row?.state;
};

interface Row {
  readonly id: CardId;
  readonly label: string;
  readonly technology: Technology;
  readonly assurance: Assurance;
  readonly ending: string;
  readonly state: CardState;
  readonly enrolled_at: Date;
  readonly revoked_at: Date | null;
  readonly ends_at: Date | null;
  readonly ended_at: Date | null;
  readonly holder: { readonly id: string; readonly name: string; readonly number: string } | null;
}

type Sort = 'label' | 'state' | 'holder' | 'before';
/** `standing`: the state as people see it. Retired ones come last, whatever they are called. */
const listing: Listing<Sort> = {
  rows: `select c.id, c.label, c.technology, c.assurance, c.ending, c.state, c.enrolled_at, c.revoked_at,
            s.ends_at, s.ended_at, s.holder, s.holder_name,
            case when c.state in ('revoked', 'disabled') then c.state
                 when s.holder is not null and s.ended_at is null then 'lent' else 'free' end as standing
       from card c left join lateral (
         select s.ends_at, s.ended_at, p.name as holder_name,
                json_build_object('id', p.id, 'name', p.name, 'number', p.number) as holder
           from substitute s join person p on p.id = s.person
          where s.card = c.id order by s.issued_at desc limit 1) s on true
      where c.kind = 'loan'`,
  sorts: {
    label: { by: `case when state = 'revoked' then '1' else '0' end || label`, type: 'text' },
    state: { by: 'standing', type: 'text' },
    holder: { by: `case when ended_at is null then coalesce(holder_name, '') else '' end`, type: 'text' },
    before: { by: timeKey('ended_at'), type: 'bigint', falls: true },
  },
  usual: 'label',
  ties: [
    { by: 'label', type: 'text' },
    { by: timeKey('enrolled_at'), type: 'bigint' },
    { by: 'id', type: 'uuid' },
  ],
  search: folded(`label || E'\\n' || ending || E'\\n' || coalesce(holder_name, '')`),
};

export interface LoanCardsQuery extends ListingAsked<Sort> {
  readonly state?: 'free' | 'lent' | 'disabled' | 'revoked' | undefined;
}

/** Each with who has it or had it last. */
export const listLoanCards = async (
  tx: Transaction,
  { state, ...asked }: LoanCardsQuery,
): Promise<Listed<LoanCard> | undefined> => {
  const narrowed = state === undefined ? { values: [] } : { values: [state], where: ['standing = $1'] };
  const listed = await readListing<Row, Sort>(tx, listing, narrowed, asked);
  return (
    listed && {
      ...listed,
      rows: listed.rows.map(
        ({ holder, ends_at: until, ended_at: ended, ...card }): LoanCard => ({
          id: card.id,
          label: card.label,
          technology: card.technology,
          assurance: card.assurance,
          ending: card.ending,
          state: card.state,
          enrolledAt: card.enrolled_at.toISOString(),
          revokedAt: card.revoked_at?.toISOString() ?? null,
          holder: holder && until && !ended ? ({ ...holder, until: until.toISOString() } as LoanCard['holder']) : null,
          before: holder && ended ? ({ ...holder, endedAt: ended.toISOString() } as LoanCard['before']) : null,
        }),
      ),
    }
  );
};

/** Of those that are not retired: how many are in the stock, and how many there are. */
export const countLoanCards = async (tx: Transaction): Promise<{ readonly free: number; readonly kept: number }> => {
  const [row] = await tx.query<{ free: number; kept: number }>(
    `select count(*) filter (where standing = 'free')::int as free,
            count(*) filter (where standing <> 'revoked')::int as kept from (${listing.rows}) listed`,
  );
  return row ?? { free: 0, kept: 0 };
};
