import type { FailureRow } from './errors.ts';

/** Of substitutes, codes and emergencies: who comes without their own card. */
export const cardlessFailures = {
  SUBSTITUTE_BEYOND_POLICY: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'A substitute would last longer, be used more often, or begin later than the policy allows.',
  },
  SUBSTITUTE_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such substitute in force.' },
  LOAN_CARD_TAKEN: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The loan card is with somebody, or it is not to be used any more.',
  },
  CODE_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'The code opens nothing here. The exact reason is found by the support code alone.',
  },
  COLLEAGUE_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'Nothing can be opened here for somebody of this staff number.',
  },
  EMERGENCY_BATCH_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no such batch of emergency codes.',
  },
  REVIEW_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such emergency use.' },
  REVIEW_SIGNED: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'Somebody has signed this emergency use off already.',
  },
} as const satisfies Record<string, FailureRow>;
