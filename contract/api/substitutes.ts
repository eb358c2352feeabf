import { z } from 'zod';
import { cardId, instant, personId, substituteId } from '../ids.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { cardSummary, identityProof, substituteCause, substituteSummary, text } from './people.ts';
import { table } from './row.ts';

const desk = ['helpdesk', 'admin'] as const;
const holder = z.strictObject({ id: personId, name: z.string(), number: z.string() });

/** A card of the hospital's own, which stands for somebody's for a while. */
export const loanCard = z.strictObject({
  ...cardSummary.shape,
  /** Who has it, and until when; `null`: it is in the stock. */
  holder: z.strictObject({ ...holder.shape, until: instant }).nullable(),
  /** Who had it last, and when that ended. */
  before: z.strictObject({ ...holder.shape, endedAt: instant }).nullable(),
});
export type LoanCard = z.infer<typeof loanCard>;

/** What is said of a lost or forgotten card, and how long and how often something stands for it. */
const terms = {
  cause: substituteCause,
  identity: identityProof,
  /** Now unless told; at most a day ahead. */
  startsAt: instant.optional(),
  /** As the policy has it unless told, and never more. */
  hours: z.int().min(1).max(168).optional(),
  uses: z.int().min(1).max(1000).optional(),
};

export const substitutes = table({
  'substitutes/issue': {
    method: 'POST',
    path: '/v1/people/:person/substitutes',
    sender: desk,
    event: 'substitute.issued',
    failures: [
      'PERSON_UNKNOWN',
      'PERSON_SUSPENDED',
      'PERSON_SELF',
      'SUBSTITUTE_BEYOND_POLICY',
      'CARD_UNKNOWN',
      'LOAN_CARD_TAKEN',
    ],
    summary:
      'A loan card or a code for somebody whose card is lost or forgotten. Their own cards are suspended until they are used again; an earlier substitute ends. The person’s PIN or TOTP is asked for as ever.',
    params: z.strictObject({ person: personId }),
    body: z.union([
      z.strictObject({ kind: z.literal('code'), ...terms }),
      z.strictObject({ kind: z.literal('loan-card'), card: cardId, ...terms }),
    ]),
    answer: z.strictObject({
      substitute: substituteSummary,
      /** Twelve digits, shown this once; `null` for a loan card. */
      code: z.string().nullable(),
    }),
  },
  'substitutes/end': {
    method: 'POST',
    path: '/v1/substitutes/:substitute/end',
    sender: desk,
    event: 'substitute.ended',
    failures: ['SUBSTITUTE_UNKNOWN'],
    summary: 'Ends a substitute; sessions that it opened end at once, and their terminals confirm.',
    params: z.strictObject({ substitute: substituteId }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ revocations: z.array(z.int()) }),
  },
  'loan-cards/list': {
    method: 'GET',
    path: '/v1/loan-cards',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'The hospital’s loan cards: which are in the stock, and who has the others. `cards/revoke` retires one.',
    query: z.strictObject({
      ...listingQuery(['label', 'state', 'holder', 'before']),
      state: z.enum(['free', 'lent', 'disabled', 'revoked']).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    answer: z.strictObject({
      cards: z.array(loanCard),
      ...listingEnd,
      /** Of those that are not retired: those in the stock, and all. */
      free: z.int().min(0),
      kept: z.int().min(0),
    }),
  },
});
