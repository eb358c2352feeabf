import type { FailureRow } from './errors.ts';

/** Why a review of a period cannot be begun or signed. */
export const periodicReviewFailures = {
  PERIODIC_REVIEW_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no such review of a period.',
  },
  PERIODIC_REVIEW_ENDED: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The review was signed already, another one was begun in its place, or another snapshot was looked at.',
  },
  PERIODIC_REVIEW_DATE: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning:
      'The period has not begun, is empty or longer than 400 days; or the day of the next one is not ahead, or too far.',
  },
} as const satisfies Record<string, FailureRow>;
