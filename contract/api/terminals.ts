import { z } from 'zod';
import { journalRecord } from '../audit.ts';
import { givenNonce } from '../card.ts';
import { instant, personId, sessionId, terminalId } from '../ids.ts';
import { terminalPolicy } from '../policy.ts';
import { ceremonyTask } from '../screen.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { text } from './people.ts';
import { table } from './row.ts';

const pem = z.string().max(8192);

/** Names a state of authorities and keys; empty for what a terminal of an older version keeps. */
const trustVersion = z.string().regex(/^[\w-]{0,64}$/);

/** What a terminal must know to check the server's word. */
export const trust = z.strictObject({
  /** A terminal says which one it keeps, so that none is used before it is known. */
  trustVersion,
  /** The hospital's own authorities, PEM, one after the other; the one that signs new certificates first. */
  authority: z.string().max(32_768),
  /** Ed25519 public keys (SPKI, PEM) by which grants are signed, by their numbers. */
  grantKeys: z
    .array(z.strictObject({ id: z.int().min(1), key: pem }))
    .min(1)
    .max(16),
});
export type Trust = z.infer<typeof trust>;

/** The certificate that a terminal holds, and what it trusts. */
export const admission = z.strictObject({
  terminal: terminalId,
  name: z.string(),
  /** Client certificate, PEM; its common name is the terminal's identifier. */
  certificate: pem,
  expiresAt: instant,
  ...trust.shape,
});
export type Admission = z.infer<typeof admission>;

/** A numbered revocation as a terminal gets it. */
export const revocationOrder = z.strictObject({
  number: z.int().min(1),
  what: z.enum(['card', 'credential', 'person', 'session', 'terminal']),
  /**
   * Identifier of the card, credential, person, session or terminal. A credential whose subject is a person is a PIN of
   * theirs that was replaced: nothing is kept that opens by it, and their sessions go on.
   */
  subject: z.uuid(),
  /** Persons whose sessions it ends on this terminal. */
  person: personId.nullish(),
  at: instant,
  /** Of a terminal that may be enabled again. One of an earlier version leaves it out when it brings the order back. */
  forNow: z.literal(true).optional(),
  /** By which the server knows its own order again, and whether it was for now; terminals keep it. */
  mark: z.string().max(100).optional(),
});
export type RevocationOrder = z.infer<typeof revocationOrder>;

/** Numbers above `after`, up to `upTo`: a server that was put back may have given them and knows nothing of it. */
export const lostRevocations = z.strictObject({ after: z.int().min(0), upTo: z.int().min(1) });
export type LostRevocations = z.infer<typeof lostRevocations>;

/** An enrolment step that the console asks of a terminal. */
export const ceremonyOrder = z.strictObject({
  ceremony: z.uuid(),
  task: ceremonyTask,
  /** Empty for a loan card. */
  personName: z.string(),
  byName: z.string(),
  expiresAt: instant,
});
export type CeremonyOrder = z.infer<typeof ceremonyOrder>;

/** What the push stream carries, as server-sent events whose data is one JSON document each. */
export const pushed = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('hello'),
    serverTime: instant,
    name: z.string(),
    policy: terminalPolicy,
    /** Head of the revocations; the terminal asked for all after the last that it knew and they follow. */
    revocationHead: z.int().min(0),
    /** From one restore of the server to the next. */
    incarnation: z.uuid().optional(),
    /** What the terminal knows of these it brings back. */
    lostRevocations: z.array(lostRevocations).max(20).optional(),
    /** How far the server has the terminal's journals, the newest first: one that was put back from a backup has less than it confirmed. */
    journals: z.array(z.strictObject({ epoch: z.uuid(), sequence: z.int() })).max(20),
    /** For the next card that can sign; `null`: no card is asked for a proof. */
    nonce: givenNonce.nullable(),
    /** The terminal is out of use for now: the server lets nobody in there. */
    disabled: z.literal(true).optional(),
  }),
  /** Another one, before the last one ends; or cards are asked for proofs from now on, or not any more. */
  z.strictObject({ kind: z.literal('nonce'), nonce: givenNonce.nullable() }),
  z.strictObject({ kind: z.literal('revocation'), order: revocationOrder }),
  z.strictObject({ kind: z.literal('session-ended'), session: sessionId, reason: z.string() }),
  z.strictObject({ kind: z.literal('ceremony'), order: ceremonyOrder }),
  z.strictObject({ kind: z.literal('ceremony-cancelled'), ceremony: z.uuid() }),
  z.strictObject({ kind: z.literal('policy'), policy: terminalPolicy }),
  /** Comes before `hello` where the terminal does not keep it yet; what it asks of terminals they spread over so many seconds. */
  z.strictObject({ kind: z.literal('trust'), trust, spreadSeconds: z.int().min(0).max(3600) }),
  z.strictObject({ kind: z.literal('beat'), serverTime: instant }),
]);
export type Pushed = z.infer<typeof pushed>;

/** SHA-256 fingerprint of the terminal's public key (SPKI, DER), hexadecimal. */
const receiptBody = z.strictObject({
  number: z.int().min(1),
  /** When the last window was covered, by the terminal's clock; `null` when the order concerned nobody here. */
  lockedAt: instant.nullable(),
  receivedAt: instant,
  /** ECDSA P-256 with SHA-256 (IEEE P1363, base64url) over `${number}.${lockedAt ?? ''}.${receivedAt}` in UTF-8. */
  signature: z.string().max(200),
});

export const terminalSummary = z.strictObject({
  id: terminalId,
  name: z.string(),
  place: z.string(),
  /** Group that rules of the policy may name; empty when it has none. */
  group: z.string(),
  state: z.enum(['announced', 'active', 'disabled', 'revoked']),
  /** Since when it is out of use, by whom and why; `null` where it is not. */
  disabled: z.strictObject({ at: instant, by: z.string(), reason: z.string() }).nullable(),
  online: z.boolean(),
  lastSeenAt: instant.nullable(),
  enrolledAt: instant.nullable(),
  certificateExpiresAt: instant.nullable(),
  /** Terminal's clock minus server's, milliseconds, at the last contact. */
  clockOffsetMs: z.number().nullable(),
  person: z.strictObject({ id: personId, name: z.string() }).nullable(),
});
export type TerminalSummary = z.infer<typeof terminalSummary>;

const terminalParams = z.strictObject({ terminal: terminalId });

export const terminals = table({
  'terminals/enrol': {
    method: 'POST',
    path: '/v1/terminals/enrol',
    sender: 'anyone',
    event: 'terminal.enrolled',
    failures: ['ENROLMENT_REFUSED'],
    summary: 'A new terminal shows its one-time code and a certificate request (PKCS #10, P-256, PEM) and is admitted.',
    body: z.strictObject({ code: z.string().max(100), request: pem }),
    answer: admission,
  },
  'terminals/renew': {
    method: 'POST',
    path: '/v1/terminals/renew',
    sender: 'terminal',
    takesDisabled: true,
    takesLapsed: true,
    event: 'terminal.renewed',
    failures: ['ENROLMENT_REFUSED'],
    summary:
      'A terminal asks for its next certificate with a fresh request for the same or a new key; up to 90 days after its last one ended.',
    body: z.strictObject({ request: pem }),
    answer: admission,
  },
  'terminals/stream': {
    method: 'GET',
    path: '/v1/terminals/stream',
    sender: 'terminal',
    takesDisabled: true,
    event: 'terminal.connected',
    failures: [],
    summary:
      'The push stream (server-sent events, see `Pushed`): hello, what was missed after `after`, then what happens.',
    query: z.strictObject({
      after: z.coerce.number().int().min(0),
      clock: z.coerce.number(),
      /** `trustVersion` that the terminal keeps. */
      trust: trustVersion.optional(),
    }),
    answer: z.never(),
  },
  'terminals/keep-trust': {
    method: 'POST',
    path: '/v1/terminals/trust',
    sender: 'terminal',
    takesDisabled: true,
    event: null,
    failures: [],
    summary: 'A terminal says that it keeps the authorities and grant keys of this version.',
    body: z.strictObject({ trustVersion }),
    answer: z.strictObject({}),
  },
  'terminals/report': {
    method: 'POST',
    path: '/v1/terminals/report',
    sender: 'terminal',
    takesDisabled: true,
    event: null,
    failures: ['SERVER_RESTORED', 'TERMINAL_OTHER'],
    summary:
      'Journal records, oldest first. Stored exactly once by terminal, epoch and sequence; answers the last stored.',
    body: z.strictObject({
      records: z.array(journalRecord).min(1).max(500),
      /** Of the server by whose `hello` the terminal knows what is lacking. */
      incarnation: z.uuid().optional(),
      /**
       * Up to which record the server has said that it has the journal of the first one. Refused where it has less by now
       * (`SERVER_RESTORED`): what came between is sent again then, and not passed over.
       */
      after: z.int().min(0).optional(),
      /**
       * ECDSA P-256 with SHA-256 (IEEE P1363, base64url) by the terminal's key over `journal.${epoch}.${sequence}.${hash}` of
       * the last record, in UTF-8: it vouches for all before it. A wrong one is refused; older terminals send none.
       */
      signature: z.string().max(200).optional(),
    }),
    readsLate: true,
    answer: z.strictObject({ epoch: z.uuid(), sequence: z.int() }),
  },
  'terminals/confirm': {
    method: 'POST',
    path: '/v1/terminals/confirm',
    sender: 'terminal',
    takesDisabled: true,
    event: 'revocation.confirmed',
    failures: ['TERMINAL_OTHER'],
    summary: 'Signed receipt of a revocation.',
    body: receiptBody,
    answer: z.strictObject({}),
  },
  'terminals/return-revocations': {
    method: 'POST',
    path: '/v1/terminals/revocations',
    sender: 'terminal',
    takesDisabled: true,
    event: 'revocation.returned',
    failures: [],
    summary:
      'Revocations that the terminal was told and the server has lost (it was put back from a backup), as they came. Those with the server’s own mark are in force again; answers how many were known or are.',
    body: z.strictObject({ orders: z.array(revocationOrder).min(1).max(50) }),
    answer: z.strictObject({ taken: z.int() }),
  },
  'terminals/list': {
    method: 'GET',
    path: '/v1/terminals',
    sender: ['helpdesk', 'admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary: 'Terminals; all of them by name where nothing else is asked for.',
    query: z.strictObject({
      ...listingQuery(['name', 'place', 'state', 'person', 'seen', 'certificate', 'clock']),
      state: z.enum(['online', 'offline', 'announced', 'disabled', 'revoked']).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    answer: z.strictObject({
      terminals: z.array(terminalSummary),
      ...listingEnd,
      /** Of all: those in use, and those of them that are connected. */
      active: z.int().min(0),
      online: z.int().min(0),
    }),
  },
  'terminals/announce': {
    method: 'POST',
    path: '/v1/terminals',
    sender: ['admin'],
    event: 'terminal.announced',
    failures: ['TERMINAL_NAME_TAKEN'],
    summary: 'Makes the one-time code with which a new terminal enrols; shown once.',
    body: z.strictObject({
      name: text(40),
      place: z.union([z.literal(''), text(80)]),
      group: z.union([z.literal(''), text(40)]).default(''),
    }),
    answer: z.strictObject({
      terminal: terminalId,
      /** 26 digits of Crockford's base32 in groups; when it is typed, case, spaces and hyphens make no difference. */
      code: z.string(),
      expiresAt: instant,
    }),
  },
  'terminals/change': {
    method: 'POST',
    path: '/v1/terminals/:terminal/change',
    sender: ['admin'],
    event: 'terminal.changed',
    failures: ['TERMINAL_UNKNOWN', 'TERMINAL_NAME_TAKEN'],
    summary: 'Renames a terminal or puts it into another place or group.',
    params: terminalParams,
    body: z.strictObject({
      name: text(40),
      place: z.union([z.literal(''), text(80)]),
      group: z.union([z.literal(''), text(40)]),
    }),
    answer: z.strictObject({}),
  },
  'terminals/disable': {
    method: 'POST',
    path: '/v1/terminals/:terminal/disable',
    sender: ['admin'],
    event: 'terminal.disabled',
    failures: ['TERMINAL_UNKNOWN'],
    summary:
      'Puts a terminal out of use for now: it locks at once and confirms, keeps nothing for logins without the server, and stays connected, while nobody is let in there.',
    params: terminalParams,
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
  'terminals/enable': {
    method: 'POST',
    path: '/v1/terminals/:terminal/enable',
    sender: ['admin'],
    event: 'terminal.enabled',
    failures: ['TERMINAL_UNKNOWN'],
    summary: 'Takes a disabled terminal into use again, as it was.',
    params: terminalParams,
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({}),
  },
  'terminals/revoke': {
    method: 'POST',
    path: '/v1/terminals/:terminal/revoke',
    sender: ['admin'],
    event: 'terminal.revoked',
    failures: ['TERMINAL_UNKNOWN'],
    summary: 'Shuts a terminal out at once: requests, open connections and stream.',
    params: terminalParams,
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
});
