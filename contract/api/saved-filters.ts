import { z } from 'zod';
import { savedFilterId } from '../ids.ts';
import { text } from './people.ts';
import { table } from './row.ts';

/** Lists whose filters can be kept. */
export const filteredLists = [
  'log',
  'people',
  'cards',
  'loan-cards',
  'terminals',
  'revocations',
  'approvals',
  'emergency-codes',
  'reviews',
  'periodic-reviews',
  'accounts',
  'backups',
] as const;
const list = z.enum(filteredLists);

export const savedFilter = z.strictObject({
  id: savedFilterId,
  list,
  name: z.string(),
  /** As the address of the list has it behind the question mark. */
  filter: z.string(),
});
export type SavedFilter = z.infer<typeof savedFilter>;

const everyone = ['helpdesk', 'admin', 'auditor', 'operator'] as const;
const params = z.strictObject({ filter: savedFilterId });
const name = text(60);
/** What an address holds as it stands (RFC 3986 query). */
const address = z
  .string()
  .max(1000)
  .regex(/^[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+$/);

export const savedFilters = table({
  'saved-filters/list': {
    method: 'GET',
    path: '/v1/saved-filters',
    sender: everyone,
    event: null,
    failures: [],
    summary: 'The filters that the person keeps for their lists, by name. Nobody else sees them.',
    answer: z.strictObject({ filters: z.array(savedFilter) }),
  },
  'saved-filters/save': {
    method: 'POST',
    path: '/v1/saved-filters',
    sender: everyone,
    event: null,
    failures: ['SAVED_FILTER_NAME_TAKEN', 'SAVED_FILTER_TOO_MANY'],
    summary: 'Keeps a filter of a list under a name.',
    body: z.strictObject({ list, name, filter: address }),
    answer: z.strictObject({ filter: savedFilter }),
  },
  'saved-filters/rename': {
    method: 'POST',
    path: '/v1/saved-filters/:filter/rename',
    sender: everyone,
    event: null,
    failures: ['SAVED_FILTER_UNKNOWN', 'SAVED_FILTER_NAME_TAKEN'],
    summary: 'Gives a filter of one’s own another name.',
    params,
    body: z.strictObject({ name }),
    answer: z.strictObject({}),
  },
  'saved-filters/remove': {
    method: 'POST',
    path: '/v1/saved-filters/:filter/remove',
    sender: everyone,
    event: null,
    failures: ['SAVED_FILTER_UNKNOWN'],
    summary: 'Removes a filter of one’s own.',
    params,
    body: z.strictObject({}),
    answer: z.strictObject({}),
  },
});
