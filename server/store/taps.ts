import type { PersonSummary } from '#contract/api/people.ts';
import type { Assurance } from '#contract/card.ts';
import type { SubstituteKind } from '#contract/cardless.ts';
import type { CardAuthorityId, CardId, PersonId, SessionId, SubstituteId, TerminalId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';

export type CardState = 'active' | 'suspended' | 'disabled' | 'revoked';

/** A factor of a person as far as it says whether it may be tried. Times in epoch milliseconds. */
export interface FactorFacts {
  readonly id: string;
  readonly kind: 'pin' | 'totp' | 'password' | 'initial';
  readonly disabled: boolean;
  readonly failures: number;
  readonly lockedUntil: number | null;
  readonly setAt: number;
  readonly expiresAt: number | null;
}

/** Everything that a tap is decided by. */
export interface TapFacts {
  readonly group: string;
  readonly card: {
    readonly id: CardId;
    readonly kind: 'own' | 'loan';
    readonly state: CardState;
    readonly assurance: Assurance;
    readonly forgotten: boolean;
    /** SHA-256 of the key that was pinned when it was enrolled, hexadecimal; null for a card that is known by its identifier. */
    readonly key: string | null;
  } | null;
  /** What a loan card or a code stands for: the substitute in force, or the last one of a code. */
  readonly substitute: SubstituteRow | null;
  readonly person: PersonSummary | null;
  readonly factors: readonly FactorFacts[];
  /** The newest session of the terminal, when it has ended. */
  readonly last: {
    readonly id: SessionId;
    readonly person: PersonId;
    readonly card: CardId | null;
    readonly endedAt: number;
    readonly reason: string;
    readonly openedBy: string;
    readonly graceFrom: number | null;
  } | null;
  /** True when a record of the card is found by the index of an older key alone. */
  readonly byOldKey: boolean;
  /** The nonce has been used before. */
  readonly nonceUsed: boolean;
  /** The card authority is on the list. */
  readonly authorityListed: boolean;
}

/** Times in epoch milliseconds. */
export interface SubstituteRow {
  readonly id: SubstituteId;
  readonly kind: SubstituteKind;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly uses: number;
  readonly mostUses: number;
  readonly fewerRights: boolean;
  /** Why it ended; null while it has not. */
  readonly endReason: string | null;
}

export interface Tap {
  readonly terminal: TerminalId;
  /** Blind indexes of the card, the one that is stored now first. */
  readonly indexes: readonly Buffer[];
  /** What the card proved itself with, and on whose word; null when it is known by its identifier. */
  readonly nonce: Buffer | null;
  readonly authority: CardAuthorityId | null;
}

interface Row {
  readonly place: number;
  readonly nth: number;
  readonly facts: Omit<TapFacts, 'byOldKey'>;
}

/** No person has it: an unknown card costs the same look-ups as a known one. */
const nobody = '00000000-0000-4000-8000-000000000000';

/** SQL: an instant as epoch milliseconds. */
export const milliseconds = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

/** Of the terminal `t`, the substitute `u` and the person `p`. */
const common = `
      'group', coalesce(t.group_name, ''),
      'substitute', case when u.id is not null then json_build_object('id', u.id, 'kind', u.kind,
        'startsAt', ${milliseconds('u.starts_at')}, 'endsAt', ${milliseconds('u.ends_at')}, 'uses', u.uses,
        'mostUses', u.most_uses, 'fewerRights', u.fewer_rights, 'endReason', u.end_reason) end,
      'person', case when p.id is not null then json_build_object('id', p.id, 'number', p.number, 'name', p.name,
        'kana', p.kana, 'state', p.state, 'roles', p.roles) end,
      'factors', (select coalesce(json_agg(json_build_object('id', k.id, 'kind', k.kind, 'disabled', k.state <> 'active',
          'failures', k.failures, 'lockedUntil', ${milliseconds('k.locked_until')}, 'setAt', ${milliseconds('k.set_at')},
          'expiresAt', ${milliseconds('k.expires_at')})), '[]')
        from credential k where k.person = coalesce(p.id, '${nobody}') and k.set_at is not null)`;

const statement = `
  select i.place, i.nth, json_build_object(${common},
      'card', case when c.id is not null then json_build_object('id', c.id, 'kind', c.kind, 'state', c.state,
        'assurance', c.assurance, 'forgotten', c.forgotten, 'key', encode(sha256(c.public_key), 'hex')) end,
      'last', (select case when s.ended_at is not null then json_build_object('id', s.id, 'person', s.person, 'card', s.card,
          'endedAt', ${milliseconds('s.ended_at')}, 'reason', s.end_reason, 'openedBy', s.opened_by,
          'graceFrom', ${milliseconds('s.grace_from')}) end
        from session s where s.terminal = i.terminal order by s.started_at desc limit 1),
      'nonceUsed', exists (select 1 from used_nonce u where u.nonce = i.nonce),
      'authorityListed', exists (select 1 from card_authority a where a.id = i.authority and a.removed_at is null)
    ) as facts
    from unnest($1::int[], $2::bytea[], $3::uuid[], $4::int[], $5::bytea[], $6::uuid[])
      as i(place, blind_index, terminal, nth, nonce, authority)
    left join lateral (
      select * from card where card.blind_index = i.blind_index order by card.state <> 'revoked' desc, card.enrolled_at desc limit 1
    ) c on true
    left join substitute u on u.card = c.id and u.ended_at is null
    left join person p on p.id = coalesce(c.person, u.person)
    left join terminal t on t.id = i.terminal`;

/** Reads what several taps are decided by, in one statement. A card that is known under several keys counts once. */
export const lookUpTaps = async (tx: Transaction, taps: readonly Tap[]): Promise<TapFacts[]> => {
  const flat = taps.flatMap(({ indexes, ...tap }, place) =>
    indexes.map((index, nth) => ({ place, index, nth, ...tap })),
  );
  const rows = await tx.query<Row>(
    statement,
    [
      flat.map(({ place }) => place),
      flat.map(({ index }) => index),
      flat.map(({ terminal }) => terminal),
      flat.map(({ nth }) => nth),
      flat.map(({ nonce }) => nonce),
      flat.map(({ authority }) => authority),
    ],
    'taps',
  );
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return taps.map((_, place) => {
    const own = byPlace.get(place) ?? [];
    const found = own.map(({ facts }) => facts);
    const best = found.find(({ card }) => card !== null && card.state !== 'revoked') ?? found.find(({ card }) => card);
    const facts = best ?? found[0];
    if (facts === undefined) throw new Error('a tap was not looked up');
    return { ...facts, byOldKey: own.some(({ nth, facts: { card } }) => nth > 0 && card !== null) };
  });
};

/** Everything that a substitute code is decided by. An unknown code costs the same look-ups as a known one. */
export type CodeFacts = Pick<TapFacts, 'group' | 'substitute' | 'person' | 'factors'>;

export const lookUpCode = async (
  tx: Transaction,
  terminal: TerminalId,
  indexes: readonly Buffer[],
): Promise<CodeFacts> => {
  const [row] = await tx.query<{ facts: CodeFacts }>(
    `select json_build_object(${common}) as facts
       from (select $1::uuid as terminal) i
       left join substitute u on u.code_index = any($2::bytea[])
       left join person p on p.id = u.person
       left join terminal t on t.id = i.terminal`,
    [terminal, indexes],
    'code',
  );
  if (row === undefined) throw new Error('a code was not looked up');
  return row.facts;
};
