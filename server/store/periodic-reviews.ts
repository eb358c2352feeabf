import type { PeriodicReview, ReviewSnapshot } from '#contract/api/periodic-reviews.ts';
import type { PeriodicReviewId, PersonId } from '#contract/ids.ts';
import type { Transaction } from './database.ts';
import { folded, type Listed, type Listing, type ListingAsked, readListing, timeKey } from './listing.ts';

interface Row {
  readonly id: PeriodicReviewId;
  readonly number: number;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly taken_at: Date;
  readonly taken_by: string;
  readonly digest: string;
  readonly dropped_at: Date | null;
  readonly signed_at: Date | null;
  readonly signed_by: string | null;
  readonly verdict: 'in-order' | 'follow-up' | null;
  readonly findings: string;
  readonly next: string | null;
}

const columns = `r.id, r.number, r.from_at, r.until_at, r.taken_at, t.name as taken_by, r.digest, r.dropped_at, r.signed_at,
  s.name as signed_by, r.verdict, r.findings, to_char(r.next, 'YYYY-MM-DD') as next`;
const tables = `periodic_review r join person t on t.id = r.taken_by left join person s on s.id = r.signed_by`;

const toReview = (row: Row): PeriodicReview => ({
  id: row.id,
  number: row.number,
  from: row.from_at.toISOString(),
  until: row.until_at.toISOString(),
  takenAt: row.taken_at.toISOString(),
  takenBy: row.taken_by,
  digest: row.digest,
  state: row.signed_at !== null ? 'signed' : row.dropped_at !== null ? 'dropped' : 'open',
  signed:
    row.signed_at === null || row.verdict === null || row.next === null
      ? null
      : {
          by: row.signed_by ?? '',
          at: row.signed_at.toISOString(),
          verdict: row.verdict,
          findings: row.findings,
          next: row.next,
        },
});

type Sort = 'number' | 'period' | 'state' | 'by' | 'next';
/** `standing`: the state as people see it. */
const listing: Listing<Sort> = {
  rows: `select ${columns}, case when r.dropped_at is not null then 'dropped' else coalesce(r.verdict, 'open') end as standing
       from ${tables}`,
  sorts: {
    number: { by: 'number', type: 'bigint', falls: true },
    period: { by: timeKey('from_at'), type: 'bigint', falls: true },
    state: { by: 'standing', type: 'text' },
    by: { by: `coalesce(signed_by, '')`, type: 'text' },
    next: { by: `coalesce(next, '')`, type: 'text', falls: true },
  },
  usual: 'number',
  ties: [{ by: 'number', type: 'bigint', falls: true }],
  search: folded(`number::text || E'\\n' || taken_by || E'\\n' || coalesce(signed_by, '') || E'\\n' || findings`),
};

export interface PeriodicReviewsQuery extends ListingAsked<Sort> {
  readonly state?: 'open' | 'in-order' | 'follow-up' | 'dropped' | undefined;
}

/** The newest first. */
export const listPeriodicReviews = async (
  tx: Transaction,
  { state, ...asked }: PeriodicReviewsQuery,
): Promise<Listed<PeriodicReview> | undefined> => {
  const narrowed = state === undefined ? { values: [] } : { values: [state], where: ['standing = $1'] };
  const listed = await readListing<Row, Sort>(tx, listing, narrowed, asked);
  return listed && { ...listed, rows: listed.rows.map(toReview) };
};

export const tryGetPeriodicReview = async (tx: Transaction, id: PeriodicReviewId) => {
  const [row] = await tx.query<Row & { snapshot: string }>(
    `select ${columns}, r.snapshot from ${tables} where r.id = $1`,
    [id],
  );
  return row && { review: toReview(row), snapshot: JSON.parse(row.snapshot) as ReviewSnapshot };
};

/** The last one that was signed. */
export const tryGetLastSigned = async (tx: Transaction) => {
  const [row] = await tx.query<Row>(
    `select ${columns} from ${tables} where r.signed_at is not null order by r.signed_at desc limit 1`,
  );
  const review = row && toReview(row);
  return review?.signed == null ? undefined : { until: review.until, ...review.signed };
};

/** What waits for somebody beside the reviews. */
export const countWaiting = async (tx: Transaction, now: Date): Promise<{ emergencies: number; approvals: number }> => {
  const [row] = await tx.query<{ emergencies: number; approvals: number }>(
    `select (select count(*)::int from emergency_use where reviewed_at is null) as emergencies,
            (select count(*)::int from approval where state = 'waiting' and expires_at > $1) as approvals`,
    [now],
  );
  return row ?? { emergencies: 0, approvals: 0 };
};

export const insertPeriodicReview = async (
  tx: Transaction,
  review: {
    readonly id: PeriodicReviewId;
    readonly from: Date;
    readonly until: Date;
    readonly at: Date;
    readonly by: PersonId;
    readonly snapshot: string;
    readonly digest: string;
  },
): Promise<PeriodicReview> => {
  // One at a time: who comes second drops what the first one began.
  await tx.query('lock table periodic_review in share row exclusive mode');
  await tx.query('update periodic_review set dropped_at = $1 where signed_at is null and dropped_at is null', [
    review.at,
  ]);
  await tx.query(
    `insert into periodic_review (id, from_at, until_at, taken_at, taken_by, snapshot, digest)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [review.id, review.from, review.until, review.at, review.by, review.snapshot, review.digest],
  );
  await tx.notify('changed', { what: 'periodic-reviews' });
  const found = await tryGetPeriodicReview(tx, review.id);
  if (found === undefined) throw new Error('a review was not stored');
  return found.review;
};

/** Held until the transaction ends. */
export const tryLockPeriodicReview = async (tx: Transaction, id: PeriodicReviewId) => {
  const [row] = await tx.query<{ digest: string; number: number; isOpen: boolean }>(
    `select digest, number, signed_at is null and dropped_at is null as "isOpen" from periodic_review where id = $1
        for update`,
    [id],
  );
  return row;
};

export const signPeriodicReview = async (
  tx: Transaction,
  now: Date,
  id: PeriodicReviewId,
  word: {
    readonly by: PersonId;
    readonly verdict: string;
    readonly findings: string;
    readonly next: string;
  },
): Promise<void> => {
  await tx.query(
    `update periodic_review set signed_at = $2, signed_by = $3, verdict = $4, findings = $5, next = $6 where id = $1`,
    [id, now, word.by, word.verdict, word.findings, word.next],
  );
  await tx.notify('changed', { what: 'periodic-reviews' });
};
