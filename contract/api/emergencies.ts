import { z } from 'zod';
import { emergencyReason } from '../cardless.ts';
import { attemptId, emergencyBatchId, instant, lockId, personId, reviewId, sessionId, terminalId } from '../ids.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { begun, greeting, idempotencyKey, opened, ticket } from './logins.ts';
import { text } from './people.ts';
import { table } from './row.ts';

const attemptParams = z.strictObject({ attempt: attemptId });
const name = z.strictObject({ id: personId, name: z.string(), number: z.string() });
/** Digits as they were typed; spaces, hyphens and width make no difference. */
const typed = z.string().min(1).max(64);

export const emergencyBatch = z.strictObject({
  id: emergencyBatchId,
  number: z.int(),
  /** Terminals of this group take its codes; empty: those without a group. */
  group: z.string(),
  note: z.string(),
  madeAt: instant,
  madeBy: z.string(),
  approvedBy: z.string().nullable(),
  codes: z.array(
    z.strictObject({
      /** As it is printed on the slip. */
      serial: z.string(),
      state: z.enum(['unused', 'used', 'voided']),
      at: instant.nullable(),
      /** Who used it or made it void. */
      by: z.string().nullable(),
    }),
  ),
});
export type EmergencyBatch = z.infer<typeof emergencyBatch>;

export const review = z.strictObject({
  id: reviewId,
  means: z.enum(['code', 'witness']),
  /** Serial number of the code; `null` where a colleague vouched. */
  serial: z.string().nullable(),
  person: name,
  /** The colleague who vouched. */
  witness: name.nullable(),
  terminal: z.strictObject({ id: terminalId, name: z.string(), place: z.string() }),
  session: sessionId,
  reason: emergencyReason,
  at: instant,
  /** `null` while it is open. */
  endedAt: instant.nullable(),
  supportCode: z.string(),
  signedOff: z
    .strictObject({ by: z.string(), at: instant, verdict: z.enum(['in-order', 'misuse']), findings: z.string() })
    .nullable(),
  /** Whether the signed-in person may sign it off: nobody does who was a party of it. */
  maySignOff: z.boolean(),
});
export type Review = z.infer<typeof review>;

export const emergencies = table({
  'attempts/begin-by-code': {
    method: 'POST',
    path: '/v1/attempts/by-code',
    sender: 'terminal',
    event: 'attempt.begun',
    failures: ['CODE_REFUSED'],
    summary:
      'A substitute code is typed at a locked terminal instead of holding a card. It is counted before it is looked at; a PIN or TOTP is asked for as ever.',
    body: z.strictObject({ lock: lockId, code: typed }),
    answer: begun,
  },
  'emergencies/begin': {
    method: 'POST',
    path: '/v1/emergencies',
    sender: 'terminal',
    event: 'emergency.begun',
    failures: ['CODE_REFUSED'],
    summary: 'A sealed one-time code is typed. It is counted before it is looked at, and dead only once it has opened.',
    body: z.strictObject({ lock: lockId, code: typed }),
    answer: z.strictObject({ attempt: attemptId, ticket, expiresAt: instant, supportCode: z.string() }),
  },
  'emergencies/name': {
    method: 'POST',
    path: '/v1/emergencies/:attempt/colleague',
    sender: 'terminal',
    event: null,
    failures: ['ATTEMPT_ENDED', 'TERMINAL_OTHER', 'COLLEAGUE_UNKNOWN'],
    summary: 'For whom the terminal is to be opened, by the digits of the staff number. Answers the name to confirm.',
    params: attemptParams,
    body: z.strictObject({ ticket, number: typed }),
    answer: z.strictObject({
      ticket,
      greeting,
      expiresAt: instant,
    }),
  },
  'emergencies/open': {
    method: 'POST',
    path: '/v1/emergencies/:attempt/open',
    sender: 'terminal',
    event: 'emergency.opened',
    failures: ['ATTEMPT_ENDED', 'TERMINAL_OTHER', 'CODE_REFUSED'],
    summary: 'Opens the terminal for the person who was named, with an alarm. The code is dead from then on.',
    params: attemptParams,
    body: z.strictObject({ ticket, reason: emergencyReason, idempotencyKey }),
    answer: opened,
  },
  'emergency-codes/list': {
    method: 'GET',
    path: '/v1/emergency-codes',
    sender: ['admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'Batches of sealed one-time codes by their serial numbers; the codes themselves are nowhere any more.',
    query: z.strictObject({
      ...listingQuery(['number', 'group', 'unused', 'by']),
      /** With codes that may still be used, or with none. */
      state: z.enum(['left', 'spent']).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({
      /** Groups that terminals are in, and the empty one where some are in none. */
      groups: z.array(z.string()),
      /** Unused codes of each of them, and of what other groups there are codes for, listed or not. */
      left: z.array(z.strictObject({ group: z.string(), unused: z.int().min(0) })),
      batches: z.array(emergencyBatch),
      ...listingEnd,
    }),
  },
  'emergency-codes/make': {
    method: 'POST',
    path: '/v1/emergency-codes',
    sender: ['admin'],
    event: 'emergency.codes-made',
    failures: ['APPROVAL_NEEDED'],
    summary: 'Makes numbered one-time codes for a group of terminals; shown this once, to be printed and sealed.',
    body: z.strictObject({
      group: z.union([z.literal(''), text(40)]),
      count: z.int().min(1).max(50),
      note: z.union([z.literal(''), text(80)]),
    }),
    answer: z.strictObject({
      batch: emergencyBatch,
      /** Twenty digits (66 bits) each, in groups that are told apart. */
      codes: z.array(z.strictObject({ serial: z.string(), code: z.string() })),
    }),
  },
  'emergency-codes/void': {
    method: 'POST',
    path: '/v1/emergency-codes/:batch/void',
    sender: ['admin'],
    event: 'emergency.codes-voided',
    failures: ['EMERGENCY_BATCH_UNKNOWN'],
    summary: 'Makes unused codes of a batch void: those that are named, or all.',
    params: z.strictObject({ batch: emergencyBatchId }),
    body: z.strictObject({ serials: z.array(z.string().max(20)).min(1).max(50).optional(), reason: text(80) }),
    answer: z.strictObject({ voided: z.int() }),
  },
  'reviews/list': {
    method: 'GET',
    path: '/v1/reviews',
    sender: ['admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'Emergency uses: those that nobody has signed off first, then the last ones that were.',
    query: z.strictObject({
      ...listingQuery(['waiting', 'at', 'person', 'terminal']),
      state: z.enum(['waiting', 'signed']).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({
      /** How many wait, listed or not. */
      waiting: z.int(),
      reviews: z.array(review),
      ...listingEnd,
    }),
  },
  'reviews/sign-off': {
    method: 'POST',
    path: '/v1/reviews/:review/sign-off',
    sender: ['admin', 'auditor'],
    event: 'emergency.reviewed',
    failures: ['REVIEW_UNKNOWN', 'REVIEW_SIGNED', 'PERSON_SELF'],
    summary: 'Signs an emergency use off, once, with what was found. Nobody does who was a party of it.',
    params: z.strictObject({ review: reviewId }),
    body: z.strictObject({ verdict: z.enum(['in-order', 'misuse']), findings: text(1000) }),
    answer: z.strictObject({}),
  },
});
