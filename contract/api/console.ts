import { z } from 'zod';
import { instant, personId, terminalId } from '../ids.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { personSummary } from './people.ts';
import { roles, table } from './row.ts';

/** The signed-in person. `csrf` goes back in the header `x-kazasu-csrf` of every POST. */
export const signedIn = z.strictObject({
  person: personSummary,
  csrf: z.string(),
  /** The terminal whose window this is; `null` in a browser. */
  terminal: terminalId.nullable(),
  endsAt: instant,
  /** IANA time zone of the hospital, for times that people read. */
  timeZone: z.string(),
});
export type SignedIn = z.infer<typeof signedIn>;

export const receipt = z.strictObject({
  terminal: terminalId,
  terminalName: z.string(),
  state: z.enum(['confirmed', 'pending', 'offline']),
  receivedAt: instant.nullable(),
  /** When the terminal had covered its screen; `null` when the order concerned nobody there. */
  lockedAt: instant.nullable(),
  /** From the order to the covered screen, by the server's clock, milliseconds. */
  milliseconds: z.number().nullable(),
  /** Last contact with a terminal that has not confirmed; `null` when it has, or was never heard of. */
  lastSeenAt: instant.nullable(),
  /** Until when a terminal that cannot be reached may decide without the server, and could still be fooled. */
  offlineUntil: instant.nullable(),
});

const receiptCounts = z.strictObject({ confirmed: z.int(), pending: z.int(), offline: z.int() });

export const revocation = z.strictObject({
  number: z.int(),
  what: z.enum(['card', 'credential', 'person', 'session', 'terminal']),
  subject: z.string(),
  /** It can be taken back, as of a terminal that is disabled. */
  forNow: z.boolean(),
  /** Of the person or terminal that it concerns, for people to read. */
  name: z.string(),
  /** Whom it concerns; `null` for a terminal. */
  person: personId.nullable(),
  /** Last characters of the card; `null` where it is no card. */
  ending: z.string().nullable(),
  reason: z.string(),
  at: instant,
  by: z.string(),
  counts: receiptCounts,
  /** Of at most fifty terminals: those that locked, then those that have not confirmed; `revocations/show` has them all. */
  receipts: z.array(receipt),
});
export type Revocation = z.infer<typeof revocation>;

/** What the console's stream carries: which part changed. The page asks for it anew. */
export const changed = z.strictObject({
  what: z.enum([
    'terminals',
    'events',
    'revocations',
    'ceremonies',
    'people',
    'approvals',
    'card-authorities',
    'loan-cards',
    'emergency-codes',
    'reviews',
    'policy',
    'periodic-reviews',
    'backups',
    'hello',
  ]),
});
export type Changed = z.infer<typeof changed>;

const everyone = ['helpdesk', 'admin', 'auditor', 'operator'] as const;

export const consoleRows = table({
  'console/sign-in': {
    method: 'POST',
    path: '/v1/console/sign-in',
    sender: 'anyone',
    event: 'console.signed-in',
    failures: ['CONSOLE_SIGN_IN_REFUSED', 'SERVER_BUSY'],
    summary: 'Staff number, password and TOTP. Sets the session cookie.',
    body: z.strictObject({ number: z.string().max(40), password: z.string().max(256), code: z.string().max(12) }),
    answer: signedIn,
  },
  'console/open-invitation': {
    method: 'POST',
    path: '/v1/console/invitation',
    sender: 'anyone',
    event: null,
    failures: ['ENROLMENT_REFUSED'],
    summary: 'Looks at a one-time link: whom it is for (`null`: the first admin) and the TOTP seed to scan.',
    body: z.strictObject({ code: z.string().max(100) }),
    answer: z.strictObject({ person: personSummary.nullable(), uri: z.string() }),
  },
  'console/accept-invitation': {
    method: 'POST',
    path: '/v1/console/invitation/accept',
    sender: 'anyone',
    event: 'password.set',
    failures: ['ENROLMENT_REFUSED', 'PASSWORD_WEAK', 'TOTP_WRONG', 'PERSON_NUMBER_TAKEN', 'SERVER_BUSY'],
    summary: 'Sets password and TOTP by a one-time link and signs in. The first admin also gives number and name.',
    body: z.strictObject({
      code: z.string().max(100),
      password: z.string().max(256),
      totp: z.string().max(12),
      number: z.string().trim().max(40).optional(),
      name: z.string().trim().max(80).optional(),
      kana: z.string().trim().max(80).optional(),
    }),
    answer: signedIn,
  },
  'console/enter': {
    method: 'POST',
    path: '/v1/console/enter',
    sender: 'anyone',
    event: 'console.signed-in',
    failures: ['CONSOLE_SIGN_IN_REFUSED'],
    summary: 'Signs in a terminal’s own window with the ticket of its open session. Sets the session cookie.',
    body: z.strictObject({ ticket: z.string().max(100) }),
    answer: signedIn,
  },
  'console/me': {
    method: 'GET',
    path: '/v1/console/me',
    sender: everyone,
    event: null,
    failures: [],
    summary: 'Who is signed in.',
    answer: signedIn,
  },
  'console/sign-out': {
    method: 'POST',
    path: '/v1/console/sign-out',
    sender: everyone,
    event: 'console.signed-out',
    failures: [],
    summary: 'Ends the console session.',
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
  'console/stream': {
    method: 'GET',
    path: '/v1/console/stream',
    sender: everyone,
    event: null,
    failures: [],
    summary: 'Server-sent events that say what changed (see `Changed`).',
    answer: z.never(),
  },
  'revocations/list': {
    method: 'GET',
    path: '/v1/revocations',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'The last revocations, newest first, each with the receipts of the terminals.',
    query: z.strictObject({
      ...listingQuery(['number', 'name', 'by']),
      what: revocation.shape.what.optional(),
      /** Some by their numbers, with commas between. */
      numbers: z
        .string()
        .regex(/^[1-9]\d{0,14}(?:,[1-9]\d{0,14}){0,99}$/)
        .optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
      /** Of the receipts of each at most so many, those first that matter most. */
      receipts: z.coerce.number().int().min(0).max(50).default(50),
    }),
    answer: z.strictObject({ revocations: z.array(revocation), ...listingEnd }),
  },
  'revocations/show': {
    method: 'GET',
    path: '/v1/revocations/:number',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: ['REVOCATION_UNKNOWN'],
    summary:
      'One revocation, and its receipts by the names of the terminals: first those that locked, then those that have not confirmed.',
    params: z.strictObject({
      number: z.coerce
        .number()
        .int()
        .min(1)
        .max(2 ** 53 - 1),
    }),
    query: z.strictObject({
      offset: z.coerce.number().int().min(0).max(100_000).default(0),
      limit: z.coerce.number().int().min(1).max(500).default(200),
    }),
    answer: z.strictObject({ revocation }),
  },
  'server/health': {
    method: 'GET',
    path: '/v1/health',
    sender: 'anyone',
    event: null,
    failures: ['INTERNAL'],
    summary: 'Whether the server and its database answer.',
    answer: z.strictObject({ status: z.literal('ok'), version: z.string(), serverTime: instant }),
  },
});
export { roles };
