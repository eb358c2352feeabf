import { z } from 'zod';
import { cardAuthorityId, instant } from '../ids.ts';
import { text } from './people.ts';
import { table } from './row.ts';

/** Somebody whose certificates on cards are believed. */
export const cardAuthority = z.strictObject({
  id: cardAuthorityId,
  name: z.string(),
  /** Distinguished name in its certificate. */
  subject: z.string(),
  /** SHA-256 of the certificate, hexadecimal, to be compared with what its issuer publishes. */
  fingerprint: z.string(),
  notBefore: instant,
  notAfter: instant,
  /** `issuer`: it signs the certificates of cards. `card`: the certificate of one card that signed it itself. */
  kind: z.enum(['issuer', 'card']),
  /** Active cards that were enrolled on its word. */
  cards: z.int(),
  addedAt: instant,
  addedBy: z.string(),
});
export type CardAuthority = z.infer<typeof cardAuthority>;

export const cardAuthorities = table({
  'card-authorities/list': {
    method: 'GET',
    path: '/v1/card-authorities',
    sender: ['admin', 'auditor'],
    event: null,
    failures: [],
    summary: 'Whose certificates on cards are believed. While there is nobody, cards are read by their identifiers.',
    answer: z.strictObject({ authorities: z.array(cardAuthority) }),
  },
  'card-authorities/add': {
    method: 'POST',
    path: '/v1/card-authorities',
    sender: ['admin'],
    event: 'card-authority.added',
    failures: ['CARD_AUTHORITY_INVALID', 'CARD_AUTHORITY_KNOWN', 'APPROVAL_NEEDED'],
    summary:
      'Believes certificates on cards that this one has signed, itself and not through others: the authority that issues cards, or a card that signed its own. With the first one, terminals begin to ask cards for proofs.',
    body: z.strictObject({
      name: text(60),
      /** One X.509 certificate, PEM. */
      certificate: z.string().max(8192),
    }),
    answer: z.strictObject({ authority: cardAuthority }),
  },
  'card-authorities/remove': {
    method: 'POST',
    path: '/v1/card-authorities/:authority/remove',
    sender: ['admin'],
    event: 'card-authority.removed',
    failures: ['CARD_AUTHORITY_UNKNOWN', 'APPROVAL_NEEDED'],
    summary: 'Believes it no more: cards that were enrolled on its word are refused from the next tap on.',
    params: z.strictObject({ authority: cardAuthorityId }),
    body: z.strictObject({ reason: text(80) }),
    answer: z.strictObject({ cards: z.int() }),
  },
});
