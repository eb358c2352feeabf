import type { FailureRow } from './errors.ts';

/** Failures of directories: of their tokens and groups, and of SCIM (RFC 7644 3.12). */
export const directoryFailures = {
  DIRECTORY_TOKEN_REFUSED: {
    status: 401,
    retry: false,
    outcome: 'serious',
    meaning: 'The call is for directories and came without a valid bearer token, or with another identity beside it.',
  },
  DIRECTORY_TOO_OFTEN: {
    status: 429,
    retry: true,
    outcome: 'minor',
    meaning: 'Too many requests of this directory or address; try again after `retryAfterSeconds`.',
  },
  DIRECTORY_CLIENT_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such directory.' },
  DIRECTORY_NAME_TAKEN: { status: 409, retry: false, outcome: 'minor', meaning: 'Another directory has this name.' },
  DIRECTORY_GROUP_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such group.' },
  DIRECTORY_ROLE_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning:
      'The policy (`directory.roles`) does not let a directory give this role, or bring back somebody who has it.',
  },
  DIRECTORY_RETURN_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'serious',
    meaning: 'Somebody here suspended the person: a directory brings back only whom a directory suspended.',
  },
  SCIM_RESOURCE_UNKNOWN: { status: 404, retry: false, outcome: 'minor', meaning: 'There is no such resource.' },
  SCIM_ME_UNSUPPORTED: {
    status: 501,
    retry: false,
    outcome: 'minor',
    meaning: 'Who has the token is no user: `/Me` stands for nobody.',
  },
  SCIM_TAKEN: {
    status: 409,
    retry: false,
    outcome: 'minor',
    meaning: 'Another resource has this userName or displayName.',
  },
  SCIM_VERSION_OTHER: {
    status: 412,
    retry: false,
    outcome: 'minor',
    meaning: 'The resource has another version than `If-Match` asks for.',
  },
  SCIM_FILTER_INVALID: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'The filter has a mistake, is too long, or names an attribute that cannot be searched.',
  },
  SCIM_FILTER_REFUSED: {
    status: 403,
    retry: false,
    outcome: 'minor',
    meaning: 'What the server supports is shown whole, and not by a filter.',
  },
  SCIM_PATH_INVALID: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'The path has a mistake or names no attribute.',
  },
  SCIM_TARGET_MISSING: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'The operation needs a path, or nothing fits the filter in its path.',
  },
  SCIM_VALUE_INVALID: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'A value is missing, too long, of another type, or holds characters that cannot be shown.',
  },
  SCIM_READ_ONLY: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'The attribute is set by the server, or must not be taken away.',
  },
  SCIM_TOO_MANY: {
    status: 400,
    retry: false,
    outcome: 'minor',
    meaning: 'It would be too much for one request: ask for fewer, leave members out, or name members by `value eq`.',
  },
} as const satisfies Record<string, FailureRow>;
