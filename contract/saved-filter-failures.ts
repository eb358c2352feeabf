import type { FailureRow } from './errors.ts';

/** Why a filter is not kept, or not found among those that somebody kept. */
export const savedFilterFailures = {
  SAVED_FILTER_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'The person has no such saved filter.',
  },
  SAVED_FILTER_NAME_TAKEN: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The person has another saved filter of this name for the same list.',
  },
  SAVED_FILTER_TOO_MANY: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The person has as many saved filters as one may have; one has to go first.',
  },
} as const satisfies Record<string, FailureRow>;
