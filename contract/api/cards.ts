import { z } from 'zod';
import { assurance, technology } from '../card.ts';
import { instant, personId } from '../ids.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { cardSummary } from './people.ts';
import { table } from './row.ts';

/** Loan cards are the hospital’s, and stand for somebody’s own for a while. */
const kind = z.enum(['own', 'loan']);

export const heldCard = z.strictObject({
  ...cardSummary.shape,
  kind,
  /** Whose it is, or who has the loan card now; `null`: it is with nobody. */
  person: z.strictObject({ id: personId, name: z.string(), number: z.string() }).nullable(),
});
export type HeldCard = z.infer<typeof heldCard>;

export const cards = table({
  'cards/list': {
    method: 'GET',
    path: '/v1/cards',
    sender: ['helpdesk', 'admin', 'auditor'],
    event: null,
    failures: [],
    summary:
      'Every card that was ever enrolled, those of the stock too: by its name, the last characters of its identifier, or whoever has it.',
    query: z.strictObject({
      ...listingQuery(['enrolled', 'label', 'ending', 'kind', 'assurance', 'person', 'state']),
      kind: kind.optional(),
      technology: technology.optional(),
      assurance: assurance.optional(),
      state: cardSummary.shape.state.optional(),
      /** Enrolled then or later. */
      since: instant.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.strictObject({ cards: z.array(heldCard), ...listingEnd }),
  },
});
