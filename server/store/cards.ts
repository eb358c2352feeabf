import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import type { Assurance, CardEvidence, Technology } from '#contract/card.ts';
import type { CardId, PersonId } from '#contract/ids.ts';
import type { Proven } from '../cards/proof.ts';
import type { Transaction } from './database.ts';
import type { CardState } from './taps.ts';
import { createUuid } from './uuid.ts';

interface CardRow {
  readonly id: CardId;
  /** Null for a loan card. */
  readonly person: PersonId | null;
  readonly label: string;
  readonly technology: Technology;
  readonly assurance: Assurance;
  readonly ending: string;
  readonly state: CardState;
  readonly enrolled_at: Date;
  readonly revoked_at: Date | null;
}

const columns = 'id, person, label, technology, assurance, ending, state, enrolled_at, revoked_at';

const toCardSummary = (row: CardRow): CardSummary => ({
  id: row.id,
  label: row.label,
  technology: row.technology,
  assurance: row.assurance,
  ending: row.ending,
  state: row.state,
  enrolledAt: row.enrolled_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

export interface KnownCard {
  readonly card: CardId;
  readonly cardState: CardState;
  readonly assurance: Assurance;
  /** SHA-256 of its pinned key, hexadecimal; null for a card that is known by its identifier. */
  readonly key: string | null;
  readonly person: PersonSummary;
  /** True when it, or an older record of the same card, is found by the index of an older key alone. */
  readonly byOldKey: boolean;
}

interface KnownRow {
  readonly card: CardId;
  readonly blind_index: Buffer;
  readonly card_state: CardState;
  readonly assurance: Assurance;
  readonly key: string | null;
  readonly id: PersonId;
  readonly number: string;
  readonly name: string;
  readonly kana: string;
  readonly state: PersonSummary['state'];
  readonly roles: PersonSummary['roles'];
}

/** The card with one of these blind indexes and its person; the active one when an older record of it was revoked. */
export const tryFindCard = async (
  tx: Transaction,
  indexes: readonly [Buffer, ...Buffer[]],
): Promise<KnownCard | undefined> => {
  const rows = await tx.query<KnownRow>(
    `select c.id as card, c.blind_index, c.state as card_state, c.assurance, encode(sha256(c.public_key), 'hex') as key,
            p.id, p.number, p.name, p.kana, p.state, p.roles
       from card c join person p on p.id = c.person
      where c.blind_index = any($1::bytea[])
      order by (c.state = 'active') desc, c.enrolled_at desc`,
    [indexes],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { card, blind_index: _, card_state: cardState, assurance, key, ...person } = row;
  const byOldKey = rows.some((one) => !one.blind_index.equals(indexes[0]));
  return { card, cardState, assurance, key, person, byOldKey };
};

/** Gives every record of a card the first of its indexes. */
export const moveCards = async (tx: Transaction, [newest, ...older]: readonly [Buffer, ...Buffer[]]): Promise<void> => {
  await tx.query('update card set blind_index = $1 where blind_index = any($2::bytea[])', [newest, older]);
};

export interface CardToEnrol {
  /** Null: a loan card for the stock. */
  readonly person: PersonId | null;
  readonly evidence: CardEvidence;
  /** Blind indexes, the one to store first. */
  readonly indexes: readonly [Buffer, ...Buffer[]];
  /** Blind indexes under which the same card may be in use as another one; none of them is stored. */
  readonly otherIndexes: readonly Buffer[];
  /** What it proved: pinned from now on. Null: it is known by its identifier. */
  readonly proven: Proven | null;
  readonly label: string;
  readonly by: PersonId;
}

/** Undefined when the card is in use already. */
export const tryInsertCard = async (
  tx: Transaction,
  now: Date,
  toEnrol: CardToEnrol,
): Promise<CardSummary | undefined> => {
  const { person, evidence, indexes, otherIndexes, proven, label, by } = toEnrol;
  const taken = await tx.query(`select 1 from card where blind_index = any($1::bytea[]) and state <> 'revoked'`, [
    [...indexes, ...otherIndexes],
  ]);
  if (taken.length > 0) return undefined;
  const [row] = await tx.query<CardRow>(
    `insert into card (id, person, blind_index, technology, assurance, ending, label, enrolled_at, enrolled_by,
                       certificate, public_key, authority, kind)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (blind_index) where state <> 'revoked' do nothing returning ${columns}`,
    [
      createUuid(now),
      person,
      indexes[0],
      evidence.technology,
      proven === null ? 'identifier' : 'pki',
      evidence.identifier.slice(-4),
      label,
      now,
      by,
      proven?.certificate ?? null,
      proven?.spki ?? null,
      proven?.authority ?? null,
      person === null ? 'loan' : 'own',
    ],
  );
  return row && toCardSummary(row);
};

export const tryGetCard = async (tx: Transaction, id: CardId): Promise<CardSummary | undefined> => {
  const [row] = await tx.query<CardRow>(`select ${columns} from card where id = $1`, [id]);
  return row && toCardSummary(row);
};

/** Who has a card: its owner, or whom a loan card is lent to at this moment. */
export const tryGetHolder = async (tx: Transaction, id: CardId): Promise<PersonId | null> => {
  const [row] = await tx.query<{ holder: PersonId | null }>(
    `select coalesce(c.person, u.person) as holder
       from card c left join substitute u on u.card = c.id and u.ended_at is null where c.id = $1`,
    [id],
  );
  return row?.holder ?? null;
};

/** The newest record of a card, of a person or of the stock. */
export const tryFindAnyCard = async (tx: Transaction, indexes: readonly Buffer[]): Promise<CardId | undefined> => {
  const [row] = await tx.query<{ id: CardId }>(
    `select id from card where blind_index = any($1::bytea[])
      order by (state = 'active') desc, enrolled_at desc limit 1`,
    [indexes],
  );
  return row?.id;
};

export const listCards = async (tx: Transaction, person: PersonId): Promise<CardSummary[]> =>
  (await tx.query<CardRow>(`select ${columns} from card where person = $1 order by enrolled_at desc`, [person])).map(
    toCardSummary,
  );

/** Held until the transaction ends: no session can begin with the card meanwhile. */
export const tryLockCard = async (
  tx: Transaction,
  id: CardId,
): Promise<{ readonly person: PersonId | null; readonly state: CardState } | undefined> => {
  const [row] = await tx.query<CardRow>(`select ${columns} from card where id = $1 for no key update`, [id]);
  return row;
};

/** Too many wrong tries were made with it: enrolled anew it is active again. */
export const disableCard = async (tx: Transaction, id: CardId): Promise<void> => {
  await tx.query(`update card set state = 'disabled' where id = $1 and state = 'active'`, [id]);
};

export const revokeCard = async (
  tx: Transaction,
  now: Date,
  id: CardId,
  how: { readonly by: PersonId | null; readonly reason: string },
): Promise<void> => {
  await tx.query(
    `update card set state = 'revoked', forgotten = false, revoked_at = $2, revoked_by = $3, reason = $4 where id = $1 and state <> 'revoked'`,
    [id, now, how.by, how.reason],
  );
};

/** All cards of a person, held until the transaction ends. */
export const lockCardsOf = async (tx: Transaction, person: PersonId): Promise<void> => {
  await tx.query('select 1 from card where person = $1 order by id for no key update', [person]);
};

/** Left at home: suspended until it is used with the right second factor. Answers those that were active. */
export const suspendForgotten = async (tx: Transaction, person: PersonId): Promise<CardId[]> => {
  const rows = await tx.query<{ id: CardId }>(
    `update card set state = 'suspended', forgotten = true where person = $1 and state = 'active' returning id`,
    [person],
  );
  return rows.map(({ id }) => id);
};

/**
 * Lost: no card of the person opens anything again. Answers those that are to be revoked: also one that is disabled, as
 * by the guesses of whoever found it.
 */
export const listUnrevoked = async (tx: Transaction, person: PersonId): Promise<CardId[]> => {
  const rows = await tx.query<{ id: CardId }>(`select id from card where person = $1 and state <> 'revoked'`, [person]);
  return rows.map(({ id }) => id);
};

/** A forgotten card is back, and with it the person's others. False when it is to stay out of use. */
export const tryReturnCards = async (tx: Transaction, person: PersonId, used: CardId): Promise<boolean> => {
  const rows = await tx.query<{ id: CardId }>(
    `update card set state = 'active', forgotten = false where person = $1 and state = 'suspended' and forgotten
      returning id`,
    [person],
  );
  return rows.some(({ id }) => id === used);
};
