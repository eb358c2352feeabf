import type { SessionId } from '#contract/ids.ts';
import type { AskedFactor } from '#contract/screen.ts';
import { begunEvent } from '../logins/events.ts';
import type { Ticket } from '../logins/ticket.ts';
import type { AttemptState } from './attempts.ts';
import { isFactorTaken } from './credentials.ts';
import type { Transaction } from './database.ts';
import { type EventRow, eventColumns, eventRecord } from './event-rows.ts';
import { outcomeOf, type ProofOutcome } from './proof-answers.ts';
import { type CardState, type FactorFacts, milliseconds } from './taps.ts';

/** Where an attempt and the factor that is tried stand at this moment. */
export interface ProofFacts {
  /** Null while the attempt is not written yet. */
  readonly attempt: AttemptState | null;
  readonly card: CardState;
  readonly person: 'active' | 'suspended';
  readonly factor: FactorFacts | null;
  /** Wrong tries in a row of the person's other factors that are in force. */
  readonly others: number;
  /** This very proof was counted, as the last one of its factor, and has not been right yet. */
  readonly counted: boolean;
  /** What this very proof was answered before; null when it was not. */
  readonly outcome: ProofOutcome | null;
}

export interface ProofToLookUp {
  readonly ticket: Ticket;
  readonly kind: string;
  /** By which a proof that comes again is known. */
  readonly mark: Buffer | null;
}

/**
 * Factors whose wrong tries count together against the hard limit, while they are in force: what is disabled takes no further
 * guess, and stands in the way of no other factor. A console password is tried elsewhere.
 */
export const countTogether = ['pin', 'totp', 'initial'] as const satisfies FactorFacts['kind'][];
const atTerminals = `(${countTogether.map((kind) => `'${kind}'`).join(', ')})`;

export const lookUpProofs = async (tx: Transaction, proofs: readonly ProofToLookUp[]): Promise<ProofFacts[]> => {
  const rows = await tx.query<{ place: number; facts: ProofFacts }>(
    `select i.place, json_build_object(
        'attempt', (select state from attempt where id = i.attempt),
        'card', case when i.substitute is not null and not exists (
              select 1 from substitute u where u.id = i.substitute and u.ended_at is null) then 'revoked'
            when i.card is null then 'active'
            else (select case when state = 'suspended' and forgotten then 'active' else state end
              from card where id = i.card) end,
        'person', (select state from person where id = i.person),
        'factor', (select json_build_object('id', k.id, 'kind', k.kind, 'disabled', k.state <> 'active',
            'failures', k.failures, 'lockedUntil', ${milliseconds('k.locked_until')}, 'setAt', ${milliseconds('k.set_at')},
            'expiresAt', ${milliseconds('k.expires_at')})
          from credential k where k.person = i.person and k.kind = i.kind and k.set_at is not null),
        'others', (select coalesce(sum(k.failures), 0) from credential k
          where k.person = i.person and k.kind in ${atTerminals} and k.kind <> i.kind and k.state = 'active'),
        'counted', exists (select 1 from credential k
          where k.person = i.person and k.kind = i.kind and k.counted_mark = i.mark),
        'outcome', ${outcomeOf('i.attempt', 'i.mark')}
      ) as facts
      from unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::bytea[])
        as i(place, attempt, card, person, kind, substitute, mark)`,
    [
      proofs.map((_, place) => place),
      proofs.map(({ ticket }) => ticket.attempt),
      proofs.map(({ ticket }) => ticket.card),
      proofs.map(({ ticket }) => ticket.person),
      proofs.map(({ kind }) => kind),
      proofs.map(({ ticket }) => ticket.substitute?.id ?? null),
      proofs.map(({ mark }) => mark),
    ],
    'proofs',
  );
  return proofs.map((_, place) => {
    const row = rows.find((one) => one.place === place);
    if (row === undefined) throw new Error('a proof was not looked up');
    return row.facts;
  });
};

/** A try as it was decided on what was known: it is counted if that still holds. */
export interface TryToCount {
  readonly ticket: Ticket;
  readonly mark: Buffer | null;
  /** It is counted already, and is not counted again. */
  readonly counted: boolean;
  readonly known: FactorFacts;
  readonly others: number;
  readonly failures: number;
  readonly lockedUntil: number | null;
}

/**
 * Counts tries before their secrets are looked at. Answers the stored secret of each that was counted: of the factor as
 * it was known, with as many failures as were known, of an attempt that is not over, whose card and person are active.
 * One that is counted already is held to the same.
 * Two of one factor must not come in one call.
 */
export const countTries = async (
  tx: Transaction,
  tries: readonly TryToCount[],
): Promise<({ readonly secret: unknown; readonly lastStep: number | null } | undefined)[]> => {
  const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const given = tries.map(({ ticket, mark, counted, known, others, failures, lockedUntil }, place) => ({
    place,
    mark: mark?.toString('hex') ?? null,
    counted,
    attempt: ticket.attempt,
    card: ticket.card,
    substitute: ticket.substitute?.id ?? null,
    person: ticket.person,
    credential: known.id,
    known_failures: known.failures,
    known_lock: instant(known.lockedUntil),
    set_at: instant(known.setAt),
    others,
    failures,
    locked_until: instant(lockedUntil),
  }));
  // In one order on every server process, so that no two statements wait for each other.
  given.sort((one, other) => (one.credential < other.credential ? -1 : 1));
  const rows = await tx.query<{ place: number; secret: unknown; lastStep: number | null }>(
    `update credential k set failures = g.failures, locked_until = g.locked_until, counted_mark = decode(g.mark, 'hex')
       from json_to_recordset($1::json) as g(place int, mark text, counted boolean, attempt uuid, card uuid, substitute uuid, person uuid, credential uuid,
         known_failures int, known_lock timestamptz, set_at timestamptz, others int, failures int, locked_until timestamptz)
      where k.id = g.credential and k.person = g.person and k.state = 'active' and k.set_at = g.set_at
        and k.failures = g.known_failures and k.locked_until is not distinct from g.known_lock
        and (g.mark is null or (k.counted_mark is not distinct from decode(g.mark, 'hex')) = g.counted)
        and not exists (select 1 from attempt a where a.id = g.attempt and a.state <> 'open')
        and (g.card is null or exists (select 1 from card c where c.id = g.card
          and (c.state = 'active' or (c.state = 'suspended' and c.forgotten))))
        and (g.substitute is null or exists (select 1 from substitute u where u.id = g.substitute and u.ended_at is null))
        and exists (select 1 from person p where p.id = g.person and p.state = 'active')
        and g.others = (select coalesce(sum(o.failures), 0) from credential o
          where o.person = g.person and o.kind in ${atTerminals} and o.id <> k.id and o.state = 'active')
      returning g.place, k.secret, k.last_step as "lastStep"`,
    [JSON.stringify(given)],
    'count-tries',
  );
  const found = new Map(rows.map((row) => [row.place, row]));
  return tries.map((_, place) => found.get(place));
};

/** A login that may be concluded. */
export interface Conclusion {
  readonly ticket: Ticket;
  /** The factor whose secret was right just now; null when all have been accepted before. */
  readonly accepted: { readonly id: string; readonly setAt: number; readonly step: number | null } | null;
  /** Kinds of the factors that were accepted earlier in the attempt: they must still be what they were when it began. */
  readonly shown: readonly AskedFactor[];
  /** By which the proof is known when it comes again. */
  readonly mark: Buffer | null;
  readonly factors: readonly string[];
  readonly session: SessionId;
  readonly endsAt: Date;
  readonly tokenHash: Buffer;
  readonly openedBy: 'factors' | 'grace' | 'substitute';
  /** The newest session of the terminal that this one must follow; null when that does not matter. */
  readonly after: SessionId | null;
  readonly graceFrom: number | null;
  /** Ends the person's sessions at other terminals. */
  readonly endElsewhere: boolean;
  /** What is recorded when it is concluded, after the event of its tap if that was not written before. */
  readonly events: readonly EventRow[];
}

/**
 * `replayed`: a factor was changed or taken away meanwhile, or its one-time code was used. `nonce`: what the card signed had
 * been used before by another attempt. `ended`: the attempt is over.
 */
export type Concluded = 'open' | 'card' | 'replayed' | 'nonce' | 'ended';

export const attemptColumns =
  'id, terminal, lock_id, card, person, support_code, state, factors, started_at, expires_at, ended_at, assurance, address';

/**
 * Ends the counts of factors that were right, ends attempts as accepted, ends what the new sessions take the place of,
 * begins them, and writes every event of it: one statement, so all or nothing. Card, person, terminal and factors are held
 * meanwhile, so that a revocation comes before it, and it is refused, or after it, and the session ends.
 * Two of one terminal or factor must not come in one call, nor any whose factor was right just now with any whose factors
 * were shown earlier: each sort takes factors in the order of those who count tries.
 */
export const conclude = async (
  tx: Transaction,
  now: Date,
  conclusions: readonly Conclusion[],
): Promise<Concluded[]> => {
  const given = conclusions.map(({ ticket, accepted, mark, ...one }, place) => ({
    place,
    mark: mark?.toString('hex') ?? null,
    attempt: ticket.attempt,
    terminal: ticket.terminal,
    lock: ticket.lock,
    card: ticket.card,
    person: ticket.person,
    support_code: ticket.supportCode,
    assurance: ticket.assurance,
    address: ticket.address,
    started_at: new Date(ticket.startedAt),
    expires_at: new Date(ticket.expiresAt),
    credential: accepted?.id ?? null,
    set_at: accepted === null ? null : new Date(accepted.setAt),
    step: accepted?.step ?? null,
    factors: one.factors,
    shown: one.shown,
    session: one.session,
    ends_at: one.endsAt,
    token_hash: one.tokenHash.toString('hex'),
    opened_by: one.openedBy,
    after: one.after,
    grace_from: one.graceFrom === null ? null : new Date(one.graceFrom),
    end_elsewhere: one.endElsewhere,
    ...nonceOf(ticket),
    substitute: ticket.substitute?.id ?? null,
    fewer_rights: ticket.substitute?.fewerRights ?? false,
  }));
  given.sort((one, other) => ((one.credential ?? '') < (other.credential ?? '') ? -1 : 1));
  const events = conclusions.flatMap(({ ticket, events }, place) => [
    { place, number: 0, ...begunEvent(ticket) },
    ...events.map((event, number) => ({ place, number: number + 2, ...event })),
  ]);
  const rows = await tx.query<{
    place: number;
    admitted: boolean;
    accepted: boolean;
    fresh: boolean;
    concluded: boolean;
  }>(concluding, [JSON.stringify(given), JSON.stringify(events), now], 'conclude');
  const found = new Map(rows.map((row) => [row.place, row]));
  return conclusions.map((_, place) => {
    const row = found.get(place);
    if (!row?.admitted) return 'card';
    if (!row.accepted) return 'replayed';
    if (!row.fresh) return 'nonce';
    return row.concluded ? 'open' : 'ended';
  });
};

/** What the card of an attempt has signed, and until when that is remembered. */
export const nonceOf = ({ proof }: Ticket) => ({
  nonce: proof === null ? null : Buffer.from(proof.nonce, 'base64url').toString('hex'),
  nonce_until: proof === null ? null : new Date(proof.until),
});

/** Columns of an event, of one of the tables in a statement. */
export const named = (table: string): string =>
  eventColumns
    .split(', ')
    .map((name) => `${table}.${name}`)
    .join(', ');

const concluding = `
  with given as (
    select * from json_to_recordset($1::json) as g(place int, attempt uuid, terminal uuid, lock uuid, card uuid, person uuid,
      support_code text, assurance text, address text, started_at timestamptz, expires_at timestamptz, credential uuid,
      set_at timestamptz, step bigint, factors text[], session uuid, ends_at timestamptz, token_hash text,
      opened_by text, after uuid, grace_from timestamptz, end_elsewhere boolean, substitute uuid, fewer_rights boolean, nonce text,
      nonce_until timestamptz, mark text, shown text[])
  ), by_card as (
    select g.place from given g
      join card c on c.id = g.card join person p on p.id = g.person join terminal t on t.id = g.terminal
     where c.state = 'active' and p.state = 'active' and t.state = 'active'
       for share of c, p, t
  ), by_code as (
    select g.place from given g join person p on p.id = g.person join terminal t on t.id = g.terminal
     where g.card is null and p.state = 'active' and t.state = 'active'
       for share of p, t
  ), admitted as (
    select place from by_card union all select place from by_code
  ), right_secret as (
    update credential k
       set failures = 0, locked_until = null, counted_mark = null, last_step = coalesce(g.step, k.last_step)
      from given g join admitted using (place)
     where k.id = g.credential and k.state = 'active' and k.set_at = g.set_at
       and (g.step is null or k.last_step is null or k.last_step < g.step)
    returning g.place
  ), shown as (
    select g.place from given g join admitted using (place)
      join credential k on k.person = g.person and k.kind = any(g.shown)
     where k.state = 'active' and k.set_at <= g.started_at
     order by k.id
       for share of k
  ), accepted as (
    select place from right_secret
    union all
    select g.place from given g join admitted using (place)
     where g.credential is null and cardinality(g.shown) = (select count(*) from shown s where s.place = g.place)
       and (g.after is null or g.after =
         (select s.id from session s where s.terminal = g.terminal order by s.started_at desc limit 1))
       and (g.grace_from is null or not ${isFactorTaken('g.person', 'g.grace_from')})
  ), used as (
    insert into used_nonce as u (nonce, used_by, expires_at)
    select decode(g.nonce, 'hex'), g.attempt, g.nonce_until from given g join accepted using (place)
     where g.nonce is not null order by g.nonce
    on conflict (nonce) do update set used_by = u.used_by where u.used_by = excluded.used_by
    returning used_by
  ), fresh as (
    select g.place from given g join accepted using (place)
     where g.nonce is null or g.attempt in (select used_by from used)
  ), concluded as (
    insert into attempt as a (${attemptColumns}, proof_mark)
    select g.attempt, g.terminal, g.lock, g.card, g.person, g.support_code, 'accepted', g.factors, g.started_at, g.expires_at,
           $3, g.assurance, g.address, decode(g.mark, 'hex')
      from given g join fresh using (place)
     -- In one order wherever attempts are written, so that no two statements wait for each other.
     order by g.attempt
    on conflict (id) do update set state = 'accepted', factors = excluded.factors, ended_at = excluded.ended_at,
       proof_mark = excluded.proof_mark, proof_answer = null
     where a.state = 'open'
    returning a.id, a.xmax = 0 as fresh
  ), ended as (
    update session s
       set ended_at = $3, end_reason = case when s.terminal = g.terminal then 'other-card' else 'elsewhere' end
      from given g join concluded d on d.id = g.attempt
     where s.ended_at is null and (s.terminal = g.terminal or (g.end_elsewhere and s.person = g.person))
    returning s.id, s.attempt, s.terminal, s.person, s.card, s.end_reason, g.place, g.terminal as here
  ), opened as (
    insert into session (id, attempt, terminal, person, card, started_at, ends_at, active_at, token_hash, opened_by,
                         grace_from, substitute, fewer_rights)
    select g.session, g.attempt, g.terminal, g.person, g.card, $3, g.ends_at, $3, decode(g.token_hash, 'hex'),
           g.opened_by, g.grace_from, g.substitute, g.fewer_rights
      from given g join concluded d on d.id = g.attempt
     -- One open session at a terminal: what it takes the place of ends first.
     where (select count(*) from ended) >= 0
    returning id
  ), logged as (
    insert into event (${eventColumns})
    select ${eventColumns} from (
      select g.place, e.number, ${named('e')}
        from json_to_recordset($2::json) as e(place int, number int, ${eventRecord})
        join given g using (place) join concluded d on d.id = g.attempt
       where e.number > 0 or d.fresh
      union all
      select s.place, 1, gen_random_uuid(), $3, null, 'session.ended', 'success', s.person, null, s.terminal, s.card, s.attempt,
             s.id, null, '{}', s.end_reason, null, '{}'
        from ended s
    ) as every order by place, number
    returning 1
  ), told as (
    select pg_notify('pushed', json_build_object('terminal', terminal, 'pushed',
             json_build_object('kind', 'session-ended', 'session', id, 'reason', end_reason))::text)
      from ended where terminal <> here
  )
  select g.place, m.place is not null as admitted, a.place is not null as accepted, f.place is not null as fresh,
         d.id is not null as concluded, (select count(*) from told) as told
    from given g left join admitted m using (place) left join accepted a using (place) left join fresh f using (place)
    left join concluded d on d.id = g.attempt`;
