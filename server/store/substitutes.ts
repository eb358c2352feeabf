import type { SubstituteCause, SubstituteEnd, SubstituteSummary } from '#contract/api/people.ts';
import type { SubstituteKind } from '#contract/cardless.ts';
import type { CardId, PersonId, SubstituteId } from '#contract/ids.ts';
import type { SubstituteTerms } from '#core/policy/substitutes.ts';
import type { Transaction } from './database.ts';
import { createUuid } from './uuid.ts';

export interface SubstituteToIssue extends SubstituteTerms {
  readonly person: PersonId;
  readonly kind: SubstituteKind;
  /** The loan card; null for a code. */
  readonly card: CardId | null;
  readonly codeIndex: Buffer | null;
  readonly cause: SubstituteCause;
  readonly identity: string;
  readonly fewerRights: boolean;
  readonly by: PersonId;
}

/** Violates `substitute_of_card` when somebody else got the loan card meanwhile. */
export const insertSubstitute = async (
  tx: Transaction,
  now: Date,
  toIssue: SubstituteToIssue,
): Promise<SubstituteId> => {
  const id = createUuid(now) as SubstituteId;
  const { person, kind, card, codeIndex, cause, identity, startsAt, endsAt, mostUses, fewerRights, by } = toIssue;
  await tx.query(
    `insert into substitute (id, person, kind, card, code_index, cause, identity, starts_at, ends_at, most_uses,
                             fewer_rights, issued_at, issued_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      id,
      person,
      kind,
      card,
      codeIndex,
      cause,
      identity,
      new Date(startsAt),
      new Date(endsAt),
      mostUses,
      fewerRights,
      now,
      by,
    ],
  );
  return id;
};

interface Row {
  readonly id: SubstituteId;
  readonly kind: SubstituteKind;
  readonly cause: SubstituteCause;
  readonly card: SubstituteSummary['card'];
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly uses: number;
  readonly most_uses: number;
  readonly fewer_rights: boolean;
  readonly by: string;
  readonly identity: SubstituteSummary['identity'];
  readonly ended_at: Date | null;
  readonly end_reason: SubstituteEnd | null;
}

/** How many of a person's substitutes are shown. */
const shown = 20;

/** The newest first. */
export const listSubstitutes = async (tx: Transaction, person: PersonId): Promise<SubstituteSummary[]> => {
  const rows = await tx.query<Row>(
    `select s.id, s.kind, s.cause, s.starts_at, s.ends_at, s.uses, s.most_uses, s.fewer_rights, s.identity, s.ended_at,
            s.end_reason, p.name as by,
            case when c.id is not null then json_build_object('id', c.id, 'label', c.label, 'ending', c.ending) end as card
       from substitute s join person p on p.id = s.issued_by left join card c on c.id = s.card
      where s.person = $1 order by s.issued_at desc limit $2`,
    [person, shown],
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    cause: row.cause,
    card: row.card,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    uses: row.uses,
    mostUses: row.most_uses,
    fewerRights: row.fewer_rights,
    issuedBy: row.by,
    identity: row.identity,
    endedAt: row.ended_at?.toISOString() ?? null,
    endReason: row.end_reason,
  }));
};

/** Held until the transaction ends. */
export const holdSubstitute = async (tx: Transaction, id: SubstituteId): Promise<void> => {
  await tx.query('select 1 from substitute where id = $1 for no key update', [id]);
};

/** Counts a use, if one is left now: however many come at once, no more than the most get through. */
export const tryUseSubstitute = async (tx: Transaction, now: Date, id: SubstituteId): Promise<boolean> => {
  const rows = await tx.query(
    `update substitute set uses = uses + 1
      where id = $1 and ended_at is null and starts_at <= $2 and ends_at > $2 and uses < most_uses returning id`,
    [id, now],
  );
  return rows.length === 1;
};

export interface EndedSubstitute {
  readonly id: SubstituteId;
  readonly person: PersonId;
  readonly kind: SubstituteKind;
  readonly card: CardId | null;
  readonly reason: SubstituteEnd;
}

const ended = `id, person, kind, card, end_reason as reason`;

/** Each is ended once. Who calls holds the person's row, if others may use the substitute meanwhile. */
export const endSubstitutesWhere = async (
  tx: Transaction,
  now: Date,
  which: { readonly id: SubstituteId } | { readonly person: PersonId } | { readonly card: CardId },
  how: { readonly reason: SubstituteEnd; readonly by: PersonId | null },
): Promise<EndedSubstitute[]> => {
  const [[column, value] = []] = Object.entries(which);
  return tx.query<EndedSubstitute>(
    `update substitute set ended_at = $1, end_reason = $2, ended_by = $3
      where ended_at is null and ${column} = $4 returning ${ended}`,
    [now, how.reason, how.by, value],
  );
};

/** Those whose time or uses are over. */
export const endSpentSubstitutes = (tx: Transaction, now: Date): Promise<EndedSubstitute[]> =>
  tx.query<EndedSubstitute>(
    `update substitute set ended_at = $1, end_reason = case when ends_at <= $1 then 'time' else 'uses' end
      where id in (select id from substitute where ended_at is null and (ends_at <= $1 or uses >= most_uses)
                   for update skip locked)
     returning ${ended}`,
    [now],
  );

/** Why a substitute opens nothing now, for the log alone. */
export const tryFindEnd = async (tx: Transaction, id: SubstituteId): Promise<string | undefined> => {
  const [row] = await tx.query<{ reason: string | null }>('select end_reason as reason from substitute where id = $1', [
    id,
  ]);
  return row?.reason ?? undefined;
};

/** A use of a card, and when. */
export interface CardUse {
  readonly person: PersonId;
  readonly card: CardId;
  readonly openedAt: Date;
}

/** Those of these uses whose card is forgotten, and for which something has stood since before then. */
export const listReplacedSince = async <Use extends CardUse>(tx: Transaction, uses: readonly Use[]): Promise<Use[]> => {
  if (uses.length === 0) return [];
  const rows = await tx.query<{ place: number }>(
    `select u.place from unnest($1::int[], $2::uuid[], $3::uuid[], $4::timestamptz[]) as u (place, person, card, opened_at)
      where exists (select 1 from substitute s join card c on c.id = u.card and c.person = s.person
          and c.state = 'suspended' and c.forgotten
        where s.person = u.person and s.ended_at is null and s.issued_at <= u.opened_at)`,
    [
      uses.map((_, place) => place),
      uses.map(({ person }) => person),
      uses.map(({ card }) => card),
      uses.map(({ openedAt }) => openedAt),
    ],
    'replaced-since',
  );
  const places = new Set(rows.map(({ place }) => place));
  return uses.filter((_, place) => places.has(place));
};

/** Who has this loan card. */
export const tryFindHolder = async (tx: Transaction, card: CardId): Promise<PersonId | undefined> => {
  const [row] = await tx.query<{ person: PersonId }>(
    'select person from substitute where card = $1 and ended_at is null',
    [card],
  );
  return row?.person;
};
