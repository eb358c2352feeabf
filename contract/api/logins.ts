import { z } from 'zod';
import { cardEvidence, givenNonce } from '../card.ts';
import { attemptId, ceremonyId, instant, lockId, personId, sessionId, terminalId } from '../ids.ts';
import { askedFactor, elsewhereChoice, lockReason } from '../screen.ts';
import { roles, table } from './row.ts';
import { ceremonyOrder } from './terminals.ts';

/** The person as the lock screen greets them and the badge names them. */
export const greeting = z.strictObject({
  person: personId,
  name: z.string(),
  number: z.string(),
  roles: z.array(z.enum(roles)),
});
export type Greeting = z.infer<typeof greeting>;

/** The server's word that one terminal may open one lock for one person. */
export const grantFacts = z.strictObject({
  terminal: terminalId,
  lock: lockId,
  session: sessionId,
  attempt: attemptId,
  person: personId,
  issuedAt: instant,
  /** After this the grant opens nothing; 30 seconds. */
  expiresAt: instant,
});
export type GrantFacts = z.infer<typeof grantFacts>;

/**
 * `payload` is base64url of the JSON of `GrantFacts`; `signature` is Ed25519 (RFC 8032) over the bytes of `payload`, base64url,
 * by the grant key of this number.
 */
export const grant = z.strictObject({
  key: z.int().min(1),
  payload: z.string().max(2000),
  signature: z.string().max(200),
});
export type Grant = z.infer<typeof grant>;

const attemptParams = z.strictObject({ attempt: attemptId });

/** The server's own notes about an attempt, vouched for by it: opaque to a terminal, which sends them back as they are. */
export const ticket = z.string().min(1).max(2000);

/**
 * 16 random bytes (base64url) for each thing that a person does. The same request with the same key is done once, by
 * whichever server process, and answered alike for half a minute. Without one it is not to be sent again.
 */
export const idempotencyKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{21}[AQgw]$/)
  .optional();

export const opened = z.strictObject({
  kind: z.literal('open'),
  session: sessionId,
  /** Goes with what is asked for this session later; good at this terminal alone. */
  token: z.string(),
  grant,
  endsAt: instant,
});
export type Opened = z.infer<typeof opened>;

/** What a right proof leads to. */
export const proved = z.discriminatedUnion('kind', [
  opened,
  /** Policy wants another factor as well. */
  z.strictObject({ kind: z.literal('more'), factors: z.array(askedFactor).min(1) }),
  /** A single-use secret was right: the person chooses a PIN now, then logs in with it. */
  z.strictObject({ kind: z.literal('choose-pin'), order: ceremonyOrder }),
  /** The person is logged in at another terminal, and policy has them asked. */
  z.strictObject({ kind: z.literal('elsewhere'), terminal: z.string(), since: instant }),
  /** Who vouches for a colleague has proved who they are. Nothing opens for themself: `attempt` is the colleague's. */
  z.strictObject({
    kind: z.literal('witnessed'),
    attempt: attemptId,
    ticket,
    expiresAt: instant,
    supportCode: z.string(),
  }),
]);
export type Proved = z.infer<typeof proved>;

/** An attempt that a card or a substitute code began. */
export const begun = z.strictObject({
  attempt: attemptId,
  ticket,
  greeting,
  /** Factors that policy accepts now, the usual one first; never empty. */
  factors: z.array(askedFactor).min(1),
  /** True: each of them is wanted, not one of them. */
  all: z.boolean(),
  /** Until when the card alone opens this terminal again; `null`: it does not. */
  grace: instant.nullable(),
  /** Whether the terminal may keep what it needs to let this person in without the server, once a PIN alone was right. */
  offline: z.boolean(),
  expiresAt: instant,
  supportCode: z.string(),
});

const proofFailures = [
  'PROOF_WRONG',
  'PROOF_LOCKED',
  'ATTEMPT_ENDED',
  'TERMINAL_OTHER',
  'CARD_REFUSED',
  'SERVER_BUSY',
] as const;

export const logins = table({
  'attempts/begin': {
    method: 'POST',
    path: '/v1/attempts',
    sender: 'terminal',
    event: 'attempt.begun',
    failures: ['CARD_REFUSED'],
    summary:
      'A card is held over the reader of a locked terminal. Answers whom to greet and what to ask for. The database is only read.',
    body: z.strictObject({
      lock: lockId,
      card: cardEvidence,
      /** The session that ended here last, as far as the terminal remembers it: grace needs it. */
      after: sessionId.optional(),
      /** `witness`: the card's owner vouches for a colleague, and this attempt never opens anything for themself. */
      purpose: z.enum(['login', 'witness']).default('login'),
    }),
    answer: z.strictObject({
      ...begun.shape,
      /** For the next card; `null`: no card is asked for a proof. */
      nonce: givenNonce.nullable(),
    }),
  },
  'nonces/give': {
    method: 'POST',
    path: '/v1/nonces',
    sender: 'terminal',
    event: null,
    failures: [],
    summary:
      'A nonce for a card to sign, for a terminal that has none in hand: each is good once, at this terminal, for some minutes. Also given with the stream’s hello, now and then on the stream, and with the answers to cards. `null`: no card is asked for a proof.',
    body: z.strictObject({}),
    answer: z.strictObject({ nonce: givenNonce.nullable() }),
  },
  'attempts/prove': {
    method: 'POST',
    path: '/v1/attempts/:attempt/proofs',
    sender: 'terminal',
    event: 'proof.accepted',
    failures: proofFailures,
    summary: 'The second factor. The try is counted before the secret is looked at. `grace` needs no secret.',
    params: attemptParams,
    body: z.union([
      z.strictObject({ ticket, factor: askedFactor, secret: z.string().min(1).max(64), idempotencyKey }),
      z.strictObject({ ticket, factor: z.literal('grace'), idempotencyKey }),
    ]),
    answer: proved,
  },
  'attempts/settle': {
    method: 'POST',
    path: '/v1/attempts/:attempt/settle',
    sender: 'terminal',
    event: 'session.began',
    failures: ['ATTEMPT_ENDED', 'TERMINAL_OTHER', 'CARD_REFUSED'],
    summary: 'After every factor was accepted: what becomes of the session that the person has at another terminal.',
    params: attemptParams,
    body: z.strictObject({ ticket, choice: elsewhereChoice, idempotencyKey }),
    answer: opened,
  },
  'attempts/abandon': {
    method: 'POST',
    path: '/v1/attempts/:attempt/abandon',
    sender: 'terminal',
    event: 'attempt.abandoned',
    failures: ['ATTEMPT_ENDED', 'TERMINAL_OTHER'],
    summary: 'Nobody finished it: cancelled, too slow, or another card.',
    params: attemptParams,
    body: z.strictObject({ ticket, reason: z.enum(['cancelled', 'too-slow', 'other-card', 'lost']) }),
    answer: z.strictObject({}),
  },
  'sessions/end': {
    method: 'POST',
    path: '/v1/sessions/:session/end',
    sender: 'terminal',
    event: 'session.ended',
    failures: ['SESSION_ENDED', 'TERMINAL_OTHER'],
    summary: 'The terminal was locked. A session ends once.',
    params: z.strictObject({ session: sessionId }),
    body: z.strictObject({ reason: lockReason, endedAt: instant }),
    answer: z.strictObject({}),
  },
  'sessions/open-console': {
    method: 'POST',
    path: '/v1/sessions/:session/console',
    sender: 'terminal',
    event: null,
    failures: ['SESSION_ENDED', 'TERMINAL_OTHER', 'CONSOLE_ROLE_MISSING'],
    summary: 'A ticket, good once for 30 seconds, that signs the person of this session in to the console.',
    params: z.strictObject({ session: sessionId }),
    body: z.strictObject({ token: z.string().min(1).max(100) }),
    answer: z.strictObject({ ticket: z.string() }),
  },
  'sessions/touch': {
    method: 'POST',
    path: '/v1/sessions/:session/touch',
    sender: 'terminal',
    event: null,
    failures: ['SESSION_ENDED', 'TERMINAL_OTHER'],
    summary: 'How long ago the person last did anything. The server ends a session that was idle for too long.',
    params: z.strictObject({ session: sessionId }),
    body: z.strictObject({ token: z.string().min(1).max(100), idleSeconds: z.number().min(0).max(86_400) }),
    answer: z.strictObject({ endsAt: instant }),
  },
  'ceremonies/give-card': {
    method: 'POST',
    path: '/v1/ceremonies/:ceremony/card',
    sender: 'terminal',
    event: 'card.enrolled',
    failures: ['CEREMONY_ENDED', 'TERMINAL_OTHER', 'CARD_TAKEN', 'CARD_RANDOM', 'CARD_UNPROVEN', 'CEREMONY_OTHER_CARD'],
    summary:
      'The card that was held for an enrolment step: the new card (task `card`), the person’s own (task `pin`), a loan card, or any card whose person is sought (task `find`).',
    params: z.strictObject({ ceremony: ceremonyId }),
    body: z.strictObject({ card: cardEvidence }),
    answer: z.strictObject({ next: z.enum(['done', 'choose-pin']), nonce: givenNonce.nullable() }),
  },
  'ceremonies/give-pin': {
    method: 'POST',
    path: '/v1/ceremonies/:ceremony/pin',
    sender: 'terminal',
    event: 'pin.set',
    failures: ['CEREMONY_ENDED', 'TERMINAL_OTHER', 'PIN_LENGTH', 'PIN_EASY', 'SERVER_BUSY'],
    summary: 'The PIN that the person chose at the keypad, after holding their card.',
    params: z.strictObject({ ceremony: ceremonyId }),
    body: z.strictObject({ pin: z.string().min(1).max(64) }),
    answer: z.strictObject({}),
  },
  'ceremonies/leave': {
    method: 'POST',
    path: '/v1/ceremonies/:ceremony/leave',
    sender: 'terminal',
    event: 'ceremony.ended',
    failures: ['CEREMONY_ENDED', 'TERMINAL_OTHER'],
    summary: 'The person cancelled the enrolment step at the terminal.',
    params: z.strictObject({ ceremony: ceremonyId }),
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
});
