import { z } from 'zod';
import { eventKind, outcome } from '../audit.ts';
import { instant, periodicReviewId } from '../ids.ts';
import { accountFinding } from './accounts.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { roles, table } from './row.ts';

const date = z.iso.date();
const person = z.strictObject({ number: z.string(), name: z.string() });
/** Members of a list at most; `total` tells how many there were. */
export const mostListed = 500;
const listed = <Item extends z.ZodType>(item: Item) => z.strictObject({ total: z.int(), items: z.array(item) });

/** What there was to look at for a period, as it was when it was taken. Nothing in it changes afterwards. */
export const reviewSnapshot = z.strictObject({
  from: instant,
  until: instant,
  takenAt: instant,
  /** The log then: the signed checkpoint has its size and root in it. */
  log: z.strictObject({ checkpoint: z.string().nullable(), halted: z.string().nullable() }),
  policyVersion: z.int(),
  /** Lines of the log of the period, by kind and outcome. */
  events: z.array(z.strictObject({ kind: eventKind, outcome, count: z.int() })),
  /** Refusals by their reason. */
  refusals: z.array(z.strictObject({ kind: eventKind, reason: z.string(), count: z.int() })),
  alarms: listed(
    z.strictObject({
      at: instant,
      kind: eventKind,
      person: z.string().nullable(),
      terminal: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  emergencies: listed(
    z.strictObject({
      at: instant,
      person,
      terminal: z.string(),
      means: z.enum(['code', 'witness']),
      reason: z.string(),
      /** `null`: nobody had signed it off. */
      signedOff: z.strictObject({ by: z.string(), verdict: z.enum(['in-order', 'misuse']) }).nullable(),
    }),
  ),
  /** Acts that took a second person. */
  fourEyes: listed(
    z.strictObject({
      at: instant,
      act: z.string(),
      about: z.string(),
      state: z.string(),
      askedBy: z.string(),
      decidedBy: z.string().nullable(),
    }),
  ),
  policies: listed(z.strictObject({ number: z.int(), at: instant, by: z.string().nullable(), note: z.string() })),
  accounts: z.strictObject({
    everybody: z.int(),
    unusedDays: z.int(),
    counts: z.partialRecord(accountFinding, z.int()),
    unused: listed(person),
    leftWithCard: listed(person),
    noFactor: listed(person),
    privileged: listed(
      z.strictObject({ ...person.shape, roles: z.array(z.enum(roles)), lastUsedAt: instant.nullable() }),
    ),
  }),
  terminals: z.strictObject({
    active: z.int(),
    revoked: z.int(),
    /** Not heard of for so many days. */
    silentDays: z.int(),
    silent: listed(z.strictObject({ name: z.string(), lastSeenAt: instant.nullable() })),
  }),
});
export type ReviewSnapshot = z.infer<typeof reviewSnapshot>;

export const periodicReview = z.strictObject({
  id: periodicReviewId,
  number: z.int(),
  from: instant,
  until: instant,
  takenAt: instant,
  takenBy: z.string(),
  /** SHA-256 of the snapshot as it is kept, in hexadecimal: the log has it too. */
  digest: z.string(),
  /** Dropped: another one was begun in its place before it was signed. */
  state: z.enum(['open', 'signed', 'dropped']),
  signed: z
    .strictObject({
      by: z.string(),
      at: instant,
      verdict: z.enum(['in-order', 'follow-up']),
      findings: z.string(),
      /** Day on which the next one is due. */
      next: date,
    })
    .nullable(),
});
export type PeriodicReview = z.infer<typeof periodicReview>;

const keepers = ['admin', 'auditor'] as const;
const auditors = ['auditor'] as const;
/** Several lines for people: no control characters but line ends, no bidirectional overrides. */
const findings = z
  .string()
  .trim()
  .min(1)
  .max(4000)
  .refine((value) => !/[^\P{Cc}\n]|[\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(value), 'control characters')
  .transform((value) => value.normalize('NFC'));

export const periodicReviews = table({
  'periodic-reviews/list': {
    method: 'GET',
    path: '/v1/periodic-reviews',
    sender: keepers,
    event: null,
    failures: [],
    summary:
      'Reviews of the log and the accounts by period (MHLW 6.0 運用編 17①), the newest first, and when one is due.',
    query: z.strictObject({
      ...listingQuery(['number', 'period', 'state', 'by', 'next']),
      /** Those that were signed by what was found. */
      state: z.enum(['open', 'in-order', 'follow-up', 'dropped']).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({
      /** Day on which one is due by the last that was signed; `null`: none was ever signed. */
      due: date.nullable(),
      overdue: z.boolean(),
      /** Where the last one that was signed ends; `null`: none was. */
      signedUntil: instant.nullable(),
      /** What waits beside it: emergency uses nobody has signed off, acts that wait for a second person. */
      waiting: z.strictObject({ emergencies: z.int(), approvals: z.int() }),
      reviews: z.array(periodicReview),
      ...listingEnd,
    }),
  },
  'periodic-reviews/show': {
    method: 'GET',
    path: '/v1/periodic-reviews/:review',
    sender: keepers,
    event: null,
    failures: ['PERIODIC_REVIEW_UNKNOWN'],
    summary: 'One review with the snapshot that was looked at.',
    params: z.strictObject({ review: periodicReviewId }),
    answer: z.strictObject({ review: periodicReview, snapshot: reviewSnapshot }),
  },
  'periodic-reviews/begin': {
    method: 'POST',
    path: '/v1/periodic-reviews',
    sender: auditors,
    event: 'periodic-review.begun',
    failures: ['PERIODIC_REVIEW_DATE'],
    summary:
      'Takes the figures and lists of a period once and for all, to be looked at. One that was begun before and not signed is dropped.',
    body: z.strictObject({ from: instant, until: instant }),
    answer: z.strictObject({ review: periodicReview }),
  },
  'periodic-reviews/sign': {
    method: 'POST',
    path: '/v1/periodic-reviews/:review/sign',
    sender: auditors,
    event: 'periodic-review.signed',
    failures: ['PERIODIC_REVIEW_UNKNOWN', 'PERIODIC_REVIEW_ENDED', 'PERIODIC_REVIEW_DATE'],
    summary: 'Signs a review, once: what was found, and on which day the next one is due (at most 400 days ahead).',
    params: z.strictObject({ review: periodicReviewId }),
    body: z.strictObject({
      /** Of the snapshot that was looked at. */
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      verdict: z.enum(['in-order', 'follow-up']),
      findings,
      next: date,
    }),
    answer: z.strictObject({}),
  },
});
