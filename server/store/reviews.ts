import type { Review } from '#contract/api/emergencies.ts';
import type { PersonId, ReviewId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { serialOf } from './emergencies.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

/** An emergency use, held until the transaction ends. */
export const tryLockReview = async (tx: Transaction, id: ReviewId) => {
  const [row] = await tx.query<{ parties: (PersonId | null)[]; person: PersonId; isSigned: boolean }>(
    `select array[person, witness] as parties, person, reviewed_at is not null as "isSigned"
       from emergency_use where id = $1 for update`,
    [id],
  );
  return row;
};

export const signOff = async (
  tx: Transaction,
  now: Date,
  id: ReviewId,
  { by, verdict, findings }: { readonly by: PersonId; readonly verdict: string; readonly findings: string },
): Promise<void> => {
  await tx.query(
    'update emergency_use set reviewed_at = $2, reviewed_by = $3, verdict = $4, findings = $5 where id = $1',
    [id, now, by, verdict, findings],
  );
  await tx.notify('changed', { what: 'reviews' });
};

interface Row extends Pick<Review, 'id' | 'means' | 'person' | 'witness' | 'terminal' | 'session' | 'reason'> {
  readonly number: number | null;
  readonly place: number | null;
  readonly at: Date;
  readonly ended_at: Date | null;
  readonly support_code: string;
  readonly reviewed_at: Date | null;
  readonly by: string | null;
  readonly verdict: 'in-order' | 'misuse' | null;
  readonly findings: string;
}

const named = (column: string): string =>
  `(select json_build_object('id', p.id, 'name', p.name, 'number', p.number) from person p where p.id = u.${column})`;

type Sort = 'waiting' | 'at' | 'person' | 'terminal';
/** In microseconds: a moment far ahead, from which those that were signed off are counted back. */
const farAhead = '10000000000000000';
const listing: Listing<Sort> = {
  rows: `select u.id, u.means, b.number, c.place, ${named('person')} as person, ${named('witness')} as witness,
            json_build_object('id', t.id, 'name', t.name, 'place', t.place) as terminal, u.session, u.reason, u.at,
            s.ended_at, u.support_code, u.reviewed_at, r.name as by, u.verdict, u.findings,
            t.name as terminal_name, pp.name as person_name, coalesce(w.name, '') as witness_name
       from emergency_use u join terminal t on t.id = u.terminal join person pp on pp.id = u.person
       left join person w on w.id = u.witness
       left join session s on s.id = u.session
       left join emergency_code c on c.id = u.code left join emergency_batch b on b.id = c.batch
       left join person r on r.id = u.reviewed_by`,
  sorts: {
    waiting: {
      by: `case when reviewed_at is null then ${timeKey('at')} else ${farAhead} - ${timeKey('reviewed_at')} end`,
      type: 'bigint',
    },
    at: { by: timeKey('at'), type: 'bigint', falls: true },
    person: { by: 'person_name', type: 'text' },
    terminal: { by: 'terminal_name', type: 'text' },
  },
  usual: 'waiting',
  ties: [{ by: 'id', type: 'uuid' }],
  search: folded(
    `person_name || E'\\n' || witness_name || E'\\n' || terminal_name || E'\\n' || findings || E'\\n' || support_code`,
  ),
};

export interface ReviewsQuery extends ListingAsked<Sort> {
  readonly state?: 'waiting' | 'signed' | undefined;
}

/** Those that wait first, the oldest of them on top; then the last ones that were signed off. */
export const listReviews = async (
  tx: Transaction,
  viewer: PersonId,
  { state, ...asked }: ReviewsQuery,
): Promise<Listed<Review> | undefined> => {
  const where = state === undefined ? [] : [`reviewed_at is ${state === 'waiting' ? '' : 'not '}null`];
  const listed = await readListing<Row, Sort>(tx, listing, { values: [], where }, asked);
  if (listed === undefined) return undefined;
  const reviews = listed.rows.map((row): Review => {
    const { id, means, number, place, person, witness, terminal, session, reason, by, verdict } = row;
    return {
      id,
      means,
      serial: number === null || place === null ? null : serialOf(number, place),
      person,
      witness,
      terminal,
      session,
      reason,
      at: row.at.toISOString(),
      endedAt: row.ended_at?.toISOString() ?? null,
      supportCode: row.support_code,
      signedOff:
        row.reviewed_at === null || verdict === null
          ? null
          : { by: by ?? '', at: row.reviewed_at.toISOString(), verdict, findings: row.findings },
      maySignOff: row.reviewed_at === null && person.id !== viewer && witness?.id !== viewer,
    };
  });
  return { ...listed, rows: reviews };
};

export const countWaitingReviews = async (tx: Transaction): Promise<number> => {
  const [counted] = await tx.query<{ waiting: number }>(
    'select count(*)::int as waiting from emergency_use where reviewed_at is null',
  );
  return counted?.waiting ?? 0;
};
