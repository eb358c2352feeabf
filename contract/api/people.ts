import { z } from 'zod';
import { assurance, technology } from '../card.ts';
import { substituteKind } from '../cardless.ts';
import { cardId, ceremonyId, instant, passkeyId, personId, sessionId, substituteId, terminalId } from '../ids.ts';
import { ceremonyTask } from '../screen.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { roles, table } from './row.ts';

const role = z.enum(roles);
/** Text for people: no control characters, no bidirectional overrides, NFC; whitespace at the ends is cut. */
export const text = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((value) => !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(value), 'control characters')
    .transform((value) => value.normalize('NFC'));

export const personSummary = z.strictObject({
  id: personId,
  /** Staff number. */
  number: z.string(),
  name: z.string(),
  kana: z.string(),
  state: z.enum(['active', 'suspended']),
  roles: z.array(role),
});
export type PersonSummary = z.infer<typeof personSummary>;

export const cardSummary = z.strictObject({
  id: cardId,
  label: z.string(),
  technology,
  assurance,
  /** Last four characters of the identifier, for people to tell cards apart. */
  ending: z.string(),
  /** Suspended: a substitute is in use; disabled: too many wrong tries were made with it. */
  state: z.enum(['active', 'suspended', 'disabled', 'revoked']),
  enrolledAt: instant,
  revokedAt: instant.nullable(),
});
export type CardSummary = z.infer<typeof cardSummary>;

export const factorSummary = z.strictObject({
  kind: z.enum(['pin', 'totp', 'password', 'initial']),
  state: z.enum(['active', 'locked', 'disabled']),
  setAt: instant,
  lockedUntil: instant.nullable(),
});

export const passkeySummary = z.strictObject({
  id: passkeyId,
  /** As its owner named it. */
  label: z.string(),
  /** True: its owner's other devices may have it too (WebAuthn 6.1.3, backup eligible). */
  synced: z.boolean(),
  enrolledAt: instant,
  lastUsedAt: instant.nullable(),
});
export type PasskeySummary = z.infer<typeof passkeySummary>;

/** What somebody showed who asks helpdesk for a card, a PIN or a substitute (MHLW 6.0 シQ-49: no delivery to the wrong person). */
export const identityProof = z.enum(['staff-card', 'photo-identification', 'known-in-person', 'supervisor']);
export type IdentityProof = z.infer<typeof identityProof>;

export const substituteCause = z.enum(['forgotten', 'lost']);
export type SubstituteCause = z.infer<typeof substituteCause>;

export const substituteEnd = z.enum([
  'time',
  'uses',
  'returned',
  'ended-by-helpdesk',
  'replaced',
  'person-suspended',
  'card-revoked',
  'guessed-at',
  'key-retired',
]);
export type SubstituteEnd = z.infer<typeof substituteEnd>;

/** A loan card or code that stands for somebody’s own card for a while (MHLW 6.0 運用編 14③). */
export const substituteSummary = z.strictObject({
  id: substituteId,
  kind: substituteKind,
  cause: substituteCause,
  /** The loan card; `null` for a code. */
  card: z.strictObject({ id: cardId, label: z.string(), ending: z.string() }).nullable(),
  startsAt: instant,
  endsAt: instant,
  uses: z.int(),
  mostUses: z.int(),
  /** Whoever logs in by it has the rights of a clinician alone. */
  fewerRights: z.boolean(),
  issuedBy: z.string(),
  identity: identityProof,
  endedAt: instant.nullable(),
  endReason: substituteEnd.nullable(),
});
export type SubstituteSummary = z.infer<typeof substituteSummary>;

export const personPage = z.strictObject({
  person: personSummary,
  cards: z.array(cardSummary),
  /** The newest first; at most one is in force. */
  substitutes: z.array(substituteSummary),
  factors: z.array(factorSummary),
  passkeys: z.array(passkeySummary),
  sessions: z.array(z.strictObject({ id: z.uuid(), terminal: z.string(), startedAt: instant })),
});
export type PersonPage = z.infer<typeof personPage>;

export const ceremonyState = z.strictObject({
  id: ceremonyId,
  task: ceremonyTask,
  state: z.enum(['waiting', 'card-held', 'done', 'failed', 'cancelled', 'expired']),
  /** A failure code, when it failed. */
  problem: z.string().nullable(),
  card: cardSummary.nullable(),
  /** Whose card it is, where that was asked; `null` for a card of nobody. */
  holder: personId.nullable(),
  expiresAt: instant,
});
export type CeremonyState = z.infer<typeof ceremonyState>;

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const someIds = new RegExp(`^${uuid}(?:,${uuid}){0,199}$`);
const personParams = z.strictObject({ person: personId });
const desk = ['helpdesk', 'admin'] as const;

export const people = table({
  'people/list': {
    method: 'GET',
    path: '/v1/people',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'People by name, kana or staff number, by state, role and cards. `next` asks for the page after this one.',
    query: z.strictObject({
      /** By whom somebody changed last where nothing is asked for, and by number where something is searched for. */
      ...listingQuery(['changed', 'number', 'kana', 'name', 'state']),
      state: z.enum(['active', 'suspended']).optional(),
      role: role.optional(),
      /**
       * By cards of their own that are in force or suspended; `wanted`: those who have none and for whom whoever asks may
       * enrol one.
       */
      cards: z.enum(['held', 'none', 'wanted']).optional(),
      /** Those who got a card of their own since then, and have it still. */
      enrolledSince: instant.optional(),
      /** Those who came at exactly this time, such as by one import (its `at`). */
      addedAt: instant.optional(),
      /** Some by their identifiers, with commas between; at most 200. */
      ids: z.string().regex(someIds).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({
      people: z.array(personSummary),
      ...listingEnd,
      /** When that was so, by the server's clock. */
      at: instant,
    }),
  },
  'people/add': {
    method: 'POST',
    path: '/v1/people',
    sender: desk,
    event: 'person.added',
    failures: ['PERSON_NUMBER_TAKEN', 'CONSOLE_ROLE_MISSING', 'APPROVAL_NEEDED'],
    summary: 'Adds a person. Only an admin may give another role than clinician.',
    body: z.strictObject({
      number: text(40),
      name: text(80),
      kana: z.string().trim().max(80).default(''),
      roles: z.array(role).max(5).default(['clinician']),
    }),
    answer: z.strictObject({ person: personSummary }),
  },
  'people/show': {
    method: 'GET',
    path: '/v1/people/:person',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: ['PERSON_UNKNOWN'],
    summary: 'A person with cards, factors and open sessions.',
    params: personParams,
    answer: personPage,
  },
  'people/change': {
    method: 'POST',
    path: '/v1/people/:person/change',
    sender: desk,
    event: 'person.changed',
    failures: ['PERSON_UNKNOWN', 'PERSON_NUMBER_TAKEN', 'PERSON_SELF', 'PERSON_LAST_ADMIN', 'APPROVAL_NEEDED'],
    summary:
      'Number, name, kana or roles; what is left out stays. Roles, and whoever has another role than clinician, are an admin’s to change. The number of somebody who uses their factors takes a second person, as a factor does.',
    params: personParams,
    body: z
      .strictObject({ number: text(40), name: text(80), kana: z.string().trim().max(80), roles: z.array(role).max(5) })
      .partial()
      .refine((changes) => Object.keys(changes).length > 0, 'nothing to change'),
    answer: z.strictObject({ person: personSummary }),
  },
  'people/resume': {
    method: 'POST',
    path: '/v1/people/:person/resume',
    sender: ['admin'],
    event: 'person.resumed',
    failures: ['PERSON_UNKNOWN', 'PERSON_NUMBER_TAKEN', 'PERSON_SELF'],
    summary: 'Takes a suspension back: the person may log in again with what is still enrolled.',
    params: personParams,
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ person: personSummary }),
  },
  'people/suspend': {
    method: 'POST',
    path: '/v1/people/:person/suspend',
    sender: ['admin'],
    event: 'person.suspended',
    failures: ['PERSON_UNKNOWN', 'PERSON_SELF', 'PERSON_LAST_ADMIN'],
    summary: 'The person may no longer log in; open sessions end at once.',
    params: personParams,
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
  'people/begin-totp': {
    method: 'POST',
    path: '/v1/people/:person/totp',
    sender: desk,
    event: 'totp.begun',
    failures: ['APPROVAL_NEEDED', 'PERSON_UNKNOWN', 'PERSON_SUSPENDED'],
    summary: 'A new TOTP seed as an otpauth URI, for the person to scan; in force only after `confirm-totp`.',
    params: personParams,
    body: z.strictObject({}),
    answer: z.strictObject({ uri: z.string() }),
  },
  'people/confirm-totp': {
    method: 'POST',
    path: '/v1/people/:person/totp/confirm',
    sender: desk,
    event: 'totp.enrolled',
    failures: ['PERSON_UNKNOWN', 'PERSON_SUSPENDED', 'TOTP_WRONG', 'TOTP_NOT_BEGUN'],
    summary: 'The first code from the person’s authenticator puts the new seed in force.',
    params: personParams,
    body: z.strictObject({ code: z.string().min(6).max(12) }),
    answer: z.strictObject({}),
  },
  'people/issue-first-secret': {
    method: 'POST',
    path: '/v1/people/:person/first-secret',
    sender: desk,
    event: 'first-secret.issued',
    failures: ['PERSON_UNKNOWN', 'APPROVAL_NEEDED', 'SERVER_BUSY'],
    summary: 'A single-use secret, shown once, with which the person and their card choose a PIN at any terminal.',
    params: personParams,
    body: z.strictObject({ identity: identityProof }),
    answer: z.strictObject({ secret: z.string(), expiresAt: instant }),
  },
  'people/unlock': {
    method: 'POST',
    path: '/v1/people/:person/unlock',
    sender: desk,
    event: 'person.changed',
    failures: ['PERSON_UNKNOWN', 'PERSON_SELF'],
    summary: 'Lifts the lock of factors after wrong tries. Disabled factors must be set anew.',
    params: personParams,
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
  'people/invite': {
    method: 'POST',
    path: '/v1/people/:person/invitation',
    sender: ['admin'],
    event: 'person.changed',
    failures: ['PERSON_UNKNOWN', 'PERSON_SELF', 'APPROVAL_NEEDED'],
    summary: 'A one-time link with which the person sets a console password and TOTP of their own.',
    params: personParams,
    body: z.strictObject({}),
    answer: z.strictObject({ code: z.string(), expiresAt: instant }),
  },
  'people/revoke-factor': {
    method: 'POST',
    path: '/v1/people/:person/factors/:kind/revoke',
    sender: desk,
    event: 'credential.revoked',
    failures: ['PERSON_UNKNOWN', 'PERSON_SELF', 'FACTOR_UNKNOWN'],
    summary: 'Makes a PIN, authenticator or console password worthless at once; it can be set anew. Sessions end.',
    params: z.strictObject({ person: personId, kind: factorSummary.shape.kind }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
  'cards/revoke': {
    method: 'POST',
    path: '/v1/cards/:card/revoke',
    sender: desk,
    event: 'card.revoked',
    failures: ['CARD_UNKNOWN'],
    summary: 'Revokes a card for ever; sessions that it opened end at once, and terminals confirm.',
    params: z.strictObject({ card: cardId }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
  'sessions/revoke': {
    method: 'POST',
    path: '/v1/sessions/:session/revoke',
    sender: desk,
    event: 'session.ended',
    failures: ['SESSION_ENDED'],
    summary: 'Ends an open session at once; its terminal locks and confirms.',
    params: z.strictObject({ session: sessionId }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocation: z.int() }),
  },
  'ceremonies/begin': {
    method: 'POST',
    path: '/v1/ceremonies',
    sender: desk,
    event: 'ceremony.begun',
    failures: ['APPROVAL_NEEDED', 'PERSON_UNKNOWN', 'TERMINAL_UNKNOWN', 'TERMINAL_OFFLINE'],
    summary:
      'Asks a terminal to read a new card of a person, to let the person set a PIN, to read a loan card for the stock, or any card to find its person.',
    body: z
      .strictObject({
        task: ceremonyTask,
        /** Whom it concerns; nobody where it is about a loan card, or about whoever holds the card. */
        person: personId.optional(),
        terminal: terminalId,
        label: z.string().trim().max(40).default(''),
        /** How it was checked who stands there. */
        identity: identityProof.optional(),
      })
      .refine(({ task, person }) => (person === undefined) === (task === 'loan-card' || task === 'find'), {
        path: ['person'],
        message: 'a person for a card or a PIN, nobody for a loan card or to find somebody',
      }),
    answer: z.strictObject({ ceremony: ceremonyState }),
  },
  'ceremonies/show': {
    method: 'GET',
    path: '/v1/ceremonies/:ceremony',
    sender: desk,
    event: null,
    failures: ['CEREMONY_ENDED'],
    summary: 'How far an enrolment step has come.',
    params: z.strictObject({ ceremony: ceremonyId }),
    answer: z.strictObject({ ceremony: ceremonyState }),
  },
  'ceremonies/cancel': {
    method: 'POST',
    path: '/v1/ceremonies/:ceremony/cancel',
    sender: desk,
    event: 'ceremony.ended',
    failures: ['CEREMONY_ENDED'],
    summary: 'Takes an enrolment step back.',
    params: z.strictObject({ ceremony: ceremonyId }),
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
});
