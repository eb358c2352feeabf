import { z } from 'zod';
import { givenNonce } from './card.ts';
import { cardlessFailures } from './cardless-failures.ts';
import { directoryFailures } from './directory-failures.ts';
import { passkeyFailures } from './passkey-failures.ts';
import { periodicReviewFailures } from './periodic-review-failures.ts';
import { savedFilterFailures } from './saved-filter-failures.ts';

/** How the audit names an outcome (DICOM PS3.15 A.5.2: 0, 4, 8, 12). */
export type Outcome = 'success' | 'minor' | 'serious' | 'major';

export interface FailureRow {
  /** HTTP status (RFC 9110) when the failure crosses HTTP. */
  readonly status: number;
  /** True when the same request may be sent again unchanged. */
  readonly retry: boolean;
  /** The outcome of the event that records it. */
  readonly outcome: Outcome;
  /** What an engineer or an integrator reads; never shown on the lock screen. */
  readonly meaning: string;
}

/** Every failure that crosses a process or a wire. Codes are `AREA_REASON` and are never reused. */
export const failures = {
  REQUEST_INVALID: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'The request does not have the shape that the contract asks for.',
  },
  REQUEST_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such call.' },
  REQUEST_TOO_LARGE: {
    status: 413,
    retry: false,
    outcome: 'minor',
    meaning: 'The request body is larger than this call takes.',
  },
  REQUEST_FOREIGN: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The sender is not one that may use this call.',
  },
  INTERNAL: {
    status: 500,
    retry: true,
    outcome: 'major',
    meaning: 'A bug or a broken part. The log of the process has the details.',
  },
  SERVER_BUSY: {
    status: 503,
    retry: true,
    outcome: 'minor',
    meaning:
      'Too many secrets are being checked at this moment, or the database cannot be reached; try again after `retryAfterSeconds`.',
  },
  SERVER_UNREACHABLE: {
    status: 503,
    retry: true,
    outcome: 'minor',
    meaning: 'The terminal got no answer from the server in time.',
  },
  SERVER_RESTORED: {
    status: 409,
    retry: true,
    outcome: 'minor',
    meaning:
      'The server is another incarnation than the one that the terminal has heard of (it was put back from a backup): the terminal opens its stream anew and hears first what this one has.',
  },

  OFFLINE_REFUSED: {
    status: 503,
    retry: false,
    outcome: 'minor',
    meaning: 'The server cannot be reached, and the terminal may not let this card in by itself.',
  },

  TERMINAL_CERTIFICATE_MISSING: {
    status: 401,
    retry: false,
    outcome: 'serious',
    meaning: 'The call is for terminals and came without a valid client certificate.',
  },
  TERMINAL_REVOKED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The terminal was revoked or never enrolled here.',
  },
  TERMINAL_DISABLED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'An admin has put the terminal out of use for now: nobody logs in there before it is enabled.',
  },
  TERMINAL_OTHER: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The attempt, session, ceremony, record or receipt belongs to another terminal.',
  },
  TERMINAL_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such terminal.' },
  TERMINAL_NAME_TAKEN: { status: 409, retry: false, outcome: 'minor', meaning: 'Another terminal has this name.' },
  TERMINAL_OFFLINE: {
    status: 409,
    retry: true,
    outcome: 'minor',
    meaning: 'The terminal is not connected at this moment.',
  },
  ENROLMENT_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The enrolment code is unknown, used, or too old, or the key proof does not hold.',
  },

  CARD_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'The card opens nothing here. The exact reason is found by the support code alone.',
  },
  CARD_RANDOM: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning:
      'The card shows another identifier at each read (ISO 14443-3 08…, PUPI, IDm 01FE or 02FE) and cannot identify anybody.',
  },
  CARD_TAKEN: { status: 409, retry: false, outcome: 'minor', meaning: 'The card is enrolled already.' },
  CARD_UNPROVEN: {
    status: 422,
    retry: false,
    outcome: 'serious',
    meaning:
      'The card has a certificate and did not prove that it is the card it says it is. The exact reason is in the log alone.',
  },
  CARD_AUTHORITY_INVALID: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'What was sent is not one certificate of somebody who may sign those of cards; `problems` says why.',
  },
  CARD_AUTHORITY_KNOWN: { status: 409, retry: false, outcome: 'minor', meaning: 'The certificate is on the list.' },
  CARD_AUTHORITY_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no such card authority on the list.',
  },
  CARD_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such card.' },

  PROOF_WRONG: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'The PIN or code was not accepted. A code used before, too old or too new is answered the same.',
  },
  PROOF_LOCKED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'Too many wrong tries; the factor is locked.',
  },
  ATTEMPT_ENDED: {
    status: 409,
    retry: false,
    outcome: 'serious',
    meaning: 'The attempt is unknown, has ended or is too old. A replayed proof ends here.',
  },
  REVOCATION_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no revocation of this number.',
  },
  SUPPORT_CODE_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'No refusal in the log has this support code.',
  },
  EVENT_UNKNOWN: {
    status: 404,
    retry: false,
    outcome: 'minor',
    meaning: 'The log does not hold this event (any more).',
  },
  EVENT_NOT_PLACED: {
    status: 409,
    retry: true,
    outcome: 'minor',
    meaning: 'No checkpoint covers this event yet; it takes about a second.',
  },
  CHECKPOINT_UNREADABLE: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'This is no checkpoint of a log (C2SP signed-note, tlog-checkpoint).',
  },
  LOG_SIZE_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'The log has no such size.' },
  REPORT_PERIOD: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'A report covers one day to 366 days from the year 2000 on, the last not before the first.',
  },
  FACTOR_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'The person has no such factor in force.' },
  SESSION_ENDED: { status: 409, retry: false, outcome: 'minor', meaning: 'The session is unknown or has ended.' },

  PIN_LENGTH: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'The PIN is shorter or longer than the policy allows, or has other characters than digits.',
  },
  PIN_EASY: { status: 422, retry: false, outcome: 'minor', meaning: 'The PIN is one of those that are guessed first.' },
  TOTP_WRONG: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'The confirming code does not fit the new seed.',
  },
  TOTP_NOT_BEGUN: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'No TOTP enrolment is waiting for its code.',
  },
  PASSWORD_WEAK: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'The password is too short or one of those that are guessed first.',
  },
  PERSON_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such person.' },
  PERSON_NUMBER_TAKEN: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'Another person has this staff number.',
  },
  PERSON_SELF: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'Nobody changes their own rights or revokes themself.',
  },
  PERSON_LAST_ADMIN: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The last active admin keeps the role and stays active.',
  },
  IMPORT_PROBLEMS: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'The file has lines that cannot be taken, so nothing of it was. The preview names them.',
  },
  IMPORT_STALE: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'People, file or options are not those of the preview any more. Ask for a new preview.',
  },
  CEREMONY_ENDED: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The enrolment step is unknown, has ended or is too old.',
  },
  CEREMONY_OTHER_CARD: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'The card that was held belongs to somebody else.',
  },

  PERSON_SUSPENDED: { status: 409, retry: false, outcome: 'minor', meaning: 'The person is suspended.' },
  ...cardlessFailures,
  ...periodicReviewFailures,

  APPROVAL_NEEDED: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning:
      'A second person has to approve this first; it waits for them as `approval`. Then the same call goes through, once.',
  },
  APPROVAL_ENDED: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no such act to decide: it was decided, withdrawn or used, or it is too old.',
  },

  POLICY_INVALID: {
    status: 422,
    retry: false,
    outcome: 'minor',
    meaning: 'The draft passes a limit of its profile, or its values do not fit together; `problems` names them.',
  },
  POLICY_STALE: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'Another version was put in force since the draft was begun.',
  },
  POLICY_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such version of the policy.' },

  CONSOLE_SIGNED_OUT: {
    status: 401,
    retry: false,
    outcome: 'minor',
    meaning: 'There is no console session, or it has ended.',
  },
  CONSOLE_SIGN_IN_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'The staff number, password or code was not accepted.',
  },
  CONSOLE_ROLE_MISSING: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'The signed-in person may not do this.',
  },
  CONSOLE_FORGED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'Origin, content type or CSRF token is not the one that the console sends.',
  },
  CONSOLE_PROOF_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning:
      'Password and code were not accepted, or no passkey was used in this session within the last minutes. Nothing was changed.',
  },

  ...passkeyFailures,
  ...savedFilterFailures,

  ...directoryFailures,
} as const satisfies Record<string, FailureRow>;

export type FailureCode = keyof typeof failures;

const failureCode = z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]]);

/** A failure as it crosses a wire. It never says which factor failed or whether a card or person exists. */
export const failure = z.strictObject({
  code: failureCode,
  /** Nine characters by which helpdesk finds the event, written XXX-XXX-XXX. */
  supportCode: z.string().optional(),
  /** Tries left before the factor locks; only with PROOF_WRONG. */
  triesLeft: z.int().min(0).optional(),
  retryAfterSeconds: z.int().min(1).optional(),
  /** For the next card; with CARD_REFUSED where cards are asked for proofs. */
  nonce: givenNonce.optional(),
  /** The act that waits for a second person; only with APPROVAL_NEEDED. */
  approval: z.uuid().optional(),
  /** What is wrong with a request, for engineers: path in the request and rule. */
  problems: z.array(z.strictObject({ path: z.string(), rule: z.string() })).optional(),
});
export type Failure<Code extends FailureCode = FailureCode> = Omit<z.infer<typeof failure>, 'code'> & {
  readonly code: Code;
};

export type Result<Value, Code extends FailureCode = FailureCode> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: Failure<Code> };

export const succeed = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });

export const fail = <Code extends FailureCode>(
  code: Code,
  details: Omit<Failure<Code>, 'code'> = {},
): { readonly ok: false; readonly failure: Failure<Code> } => ({ ok: false, failure: { ...details, code } });
