import type { FailureRow } from './errors.ts';

/** Why a passkey is not enrolled, removed or believed. */
export const passkeyFailures = {
  PASSKEY_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'The passkey was not accepted. The exact reason is found by the support code or in the log alone.',
  },
  PASSKEY_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such passkey.' },
  PASSKEY_TOO_MANY: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The person has as many passkeys as one person may have.',
  },
  PASSKEY_LAST: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'Without this passkey its owner could not sign in any more.',
  },
} as const satisfies Record<string, FailureRow>;
