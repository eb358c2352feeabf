import { z } from 'zod';

/** Part of the query of every row that lists: what is searched for, the order, and which page. */
export const listingQuery = <const Sorts extends readonly [string, ...string[]]>(sorts: Sorts) => ({
  /** In any width, case and kana. */
  search: z.string().max(80).default(''),
  sort: z.enum(sorts).optional(),
  /** Where it is left out: as one looks at that column first. */
  order: z.enum(['rising', 'falling']).optional(),
  /** `next` of the page before; it belongs to the same search and order. */
  after: z.string().max(1200).optional(),
});

/** What stands beside the things of a page. */
export const listingEnd = {
  /** Goes into `after`; `null` on the last page. */
  next: z.string().nullable(),
  /** How many there are on all pages. */
  total: z.int().min(0),
};
