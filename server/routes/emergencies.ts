import { fail, type Result, succeed } from '#contract/errors.ts';
import type { PersonId } from '#contract/ids.ts';
import { cleanText } from '#core/policy/text.ts';
import type { ServerDeps } from '../deps.ts';
import { makeCode, writeCode } from '../logins/codes.ts';
import { countUnused, insertBatch, listBatches, listGroups, tryGetBatch, voidCodes } from '../store/emergency-codes.ts';
import { record } from '../store/events.ts';
import { countWaitingReviews, listReviews, signOff, tryLockReview } from '../store/reviews.ts';
import { type Approved, requireApproval } from './approving.ts';
import type { Handlers } from './handlers.ts';
import { refuseCursor } from './listed.ts';
import { by, refuseSelf } from './refusing.ts';

/** Sealed codes before an emergency, and the look at each use after it. */
export const createEmergencyRoutes = (deps: ServerDeps) => {
  const { database, now: clock } = deps;
  return {
    'emergency-codes/list': async ({ query }) => {
      const listed = await listBatches(database, query);
      if (listed === undefined) return refuseCursor();
      const { rows: batches, next, total } = listed;
      return succeed({
        groups: await listGroups(database),
        left: await countUnused(database),
        batches,
        next,
        total,
      });
    },

    'emergency-codes/make': async ({ body }, sender) =>
      database.transaction(async (tx) => {
        const now = clock();
        const { count, group } = body;
        const note = cleanText(body.note);
        const approved: Result<Approved, 'APPROVAL_NEEDED'> = deps.policy().fourEyes.includes('emergency-codes')
          ? await requireApproval(tx, now, sender, {
              act: 'emergency-codes',
              call: 'emergency-codes/make',
              subject: null,
              what: [group, count, note],
              about: `${group}: ${count}`,
            })
          : succeed({});
        if (!approved.ok) return approved;
        const made = Array.from({ length: count }, () => makeCode('emergency'));
        const id = await insertBatch(tx, now, {
          group,
          note,
          indexes: made.map((code) => deps.secrets.codeIndexes('emergency', code)[0]),
          by: sender.person,
          approvedBy: (approved.value.approvedBy ?? null) as PersonId | null,
        });
        const batch = await tryGetBatch(tx, id);
        if (batch === undefined) throw new Error('a batch was not stored');
        await record(tx, now, {
          ...by(sender, null),
          kind: 'emergency.codes-made',
          outcome: 'success',
          detail: { batch: batch.number, group, count, ...approved.value },
        });
        const codes = made.map((code, place) => ({ serial: batch.codes[place]?.serial ?? '', code: writeCode(code) }));
        return succeed({ batch, codes });
      }),

    'emergency-codes/void': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const now = clock();
        const voided = await voidCodes(tx, now, params.batch, body.serials, sender.person);
        if (voided === undefined) return fail('EMERGENCY_BATCH_UNKNOWN');
        if (voided.length > 0) {
          await record(tx, now, {
            ...by(sender, null),
            kind: 'emergency.codes-voided',
            outcome: 'success',
            reason: body.reason,
            detail: { count: voided.length, slips: voided.join(' ').slice(0, 200) },
          });
        }
        return succeed({ voided: voided.length });
      }),

    'reviews/list': async ({ query }, sender) => {
      const listed = await listReviews(database, sender.person, query);
      if (listed === undefined) return refuseCursor();
      const { rows: reviews, next, total } = listed;
      return succeed({ reviews, next, total, waiting: await countWaitingReviews(database) });
    },

    'reviews/sign-off': async ({ params, body }, sender) =>
      database.transaction(async (tx) => {
        const now = clock();
        const review = await tryLockReview(tx, params.review);
        if (!review) return fail('REVIEW_UNKNOWN');
        if (review.parties.includes(sender.person)) return refuseSelf(tx, now, sender, 'reviews/sign-off');
        if (review.isSigned) return fail('REVIEW_SIGNED');
        const { verdict, findings } = body;
        await signOff(tx, now, params.review, { by: sender.person, verdict, findings: cleanText(findings) });
        await record(tx, now, {
          ...by(sender, review.person),
          kind: 'emergency.reviewed',
          outcome: 'success',
          reason: verdict,
          detail: { review: params.review, findings: findings.slice(0, 200) },
        });
        return succeed({});
      }),
  } satisfies Partial<Handlers>;
};
