import { createHash } from 'node:crypto';
import { fail, succeed } from '#contract/errors.ts';
import type { PeriodicReviewId } from '#contract/ids.ts';
import type { ServerDeps } from '../deps.ts';
import { record } from '../store/events.ts';
import { findNewest } from '../store/log-tree.ts';
import {
  countWaiting,
  insertPeriodicReview,
  listPeriodicReviews,
  signPeriodicReview,
  tryGetLastSigned,
  tryGetPeriodicReview,
  tryLockPeriodicReview,
} from '../store/periodic-reviews.ts';
import { takeSnapshot } from '../store/review-snapshot.ts';
import { createUuid } from '../store/uuid.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';
import { by } from './refusing.ts';

const day = 86_400_000;
/** A period of a year and a bit; the next one as far ahead. */
const longest = 400;

export interface PeriodicReviewDeps extends ServerDeps {
  readonly halted: () => string | null;
}

/** A day of the hospital: YYYY-MM-DD. */
export const dayIn = (timeZone: string, at: Date): string => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(at);

export const createPeriodicReviewRoutes = (deps: PeriodicReviewDeps) => {
  const { database, now, policy } = deps;
  const today = (at: Date): string => dayIn(policy().timeZone, at);
  return {
    'periodic-reviews/list': async ({ query }) => {
      const listed = await listPeriodicReviews(database, query);
      if (listed === undefined) return refuseCursor();
      const { rows: reviews, next, total } = listed;
      const last = await tryGetLastSigned(database);
      return succeed({
        due: last?.next ?? null,
        overdue: last === undefined || last.next < today(now()),
        signedUntil: last?.until ?? null,
        waiting: await countWaiting(database, now()),
        reviews,
        next,
        total,
      });
    },

    'periodic-reviews/show': async ({ params }) => {
      const found = await tryGetPeriodicReview(database, params.review);
      return found === undefined ? fail('PERIODIC_REVIEW_UNKNOWN') : succeed(found);
    },

    'periodic-reviews/begin': async ({ body }, sender) => {
      const at = now();
      const from = new Date(body.from);
      // The end of the present day is as far as the log goes.
      const until = new Date(Math.min(Date.parse(body.until), at.getTime()));
      if (from >= until || until.getTime() - from.getTime() > longest * day) return fail('PERIODIC_REVIEW_DATE');
      return database.transaction(async (tx) => {
        const taken = await takeSnapshot(
          tx,
          at,
          { from, until },
          {
            log: { checkpoint: (await findNewest(tx))?.note ?? null, halted: deps.halted() },
            policyVersion: deps.policies.number(),
          },
        );
        const snapshot = JSON.stringify(taken);
        const digest = createHash('sha256').update(snapshot).digest('hex');
        const id = createUuid(at) as PeriodicReviewId;
        const review = await insertPeriodicReview(tx, { id, from, until, at, by: sender.person, snapshot, digest });
        await record(tx, at, {
          ...by(sender, null),
          kind: 'periodic-review.begun',
          outcome: 'success',
          detail: { number: review.number, from: review.from, until: review.until, digest },
        });
        return succeed({ review });
      });
    },

    'periodic-reviews/sign': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const at = now();
        const review = await tryLockPeriodicReview(tx, params.review);
        if (review === undefined) return fail('PERIODIC_REVIEW_UNKNOWN');
        if (!review.isOpen || review.digest !== body.digest) return fail('PERIODIC_REVIEW_ENDED');
        if (body.next <= today(at) || body.next > today(new Date(at.getTime() + longest * day)))
          return fail('PERIODIC_REVIEW_DATE');
        const { verdict, findings, next } = body;
        await signPeriodicReview(tx, at, params.review, { by: sender.person, verdict, findings, next });
        await record(tx, at, {
          ...by(sender, null),
          kind: 'periodic-review.signed',
          outcome: 'success',
          reason: verdict,
          detail: { number: review.number, digest: review.digest, next, findings: findings.slice(0, 200) },
        });
        return succeed({});
      }),
  } satisfies Partial<Handlers>;
};
