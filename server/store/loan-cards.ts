import type { LoanCard } from '#contract/api/substitutes.ts';
import type { Assurance, Technology } from '#contract/card.ts';
import type { CardId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
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

/** By label; each with who has it or had it last. */
export const listLoanCards = async (tx: Transaction): Promise<LoanCard[]> => {
  const rows = await tx.query<Row>(
    `select c.id, c.label, c.technology, c.assurance, c.ending, c.state, c.enrolled_at, c.revoked_at,
            s.ends_at, s.ended_at, s.holder
       from card c left join lateral (
         select s.ends_at, s.ended_at, json_build_object('id', p.id, 'name', p.name, 'number', p.number) as holder
           from substitute s join person p on p.id = s.person
          where s.card = c.id order by s.issued_at desc limit 1) s on true
      where c.kind = 'loan' order by c.state = 'revoked', c.label, c.enrolled_at`,
  );
  return rows.map(({ holder, ends_at: until, ended_at: ended, enrolled_at, revoked_at, ...card }) => ({
    ...card,
    enrolledAt: enrolled_at.toISOString(),
    revokedAt: revoked_at?.toISOString() ?? null,
    holder: holder && until && !ended ? { ...holder, until: until.toISOString() } : null,
    before: holder && ended ? { ...holder, endedAt: ended.toISOString() } : null,
  })) as LoanCard[];
};
