import type { FastifyReply } from 'fastify';
import { scimUrns } from '#contract/api/scim.ts';
import { type Failure, type FailureCode, failures } from '#contract/errors.ts';

export const scimType = 'application/scim+json';

/** Detail keywords of RFC 7644 3.12 (table 9). */
const keywords: Partial<Record<FailureCode, string>> = {
  REQUEST_INVALID: 'invalidSyntax',
  SCIM_TAKEN: 'uniqueness',
  SCIM_FILTER_INVALID: 'invalidFilter',
  SCIM_PATH_INVALID: 'invalidPath',
  SCIM_TARGET_MISSING: 'noTarget',
  SCIM_VALUE_INVALID: 'invalidValue',
  SCIM_READ_ONLY: 'mutability',
  SCIM_TOO_MANY: 'tooMany',
};

/** A failure as RFC 7644 3.12 has it. `detail` begins with our code, so that it is found in the list of failures. */
export const toScimError = ({ code, problems = [] }: Failure): Record<string, unknown> => {
  const { status, meaning } = failures[code];
  const where = problems.map(({ path, rule }) => `${path}: ${rule}`).join(', ');
  return {
    schemas: [scimUrns.error],
    status: String(status),
    ...(keywords[code] === undefined ? {} : { scimType: keywords[code] }),
    detail: `${code}: ${meaning}${where === '' ? '' : ` (${where})`}`,
  };
};

export const sendScimFailure = (reply: FastifyReply, failure: Failure): FastifyReply => {
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', failure.retryAfterSeconds);
  if (failure.code === 'DIRECTORY_TOKEN_REFUSED') reply.header('www-authenticate', 'Bearer realm="kazasu"');
  return reply.code(failures[failure.code].status).type(scimType).serializer(JSON.stringify).send(toScimError(failure));
};

/** What is between the quotes of entity tags: SCIM compares weak ones, also for `If-Match` (RFC 7644 3.14). */
const readTags = (header: string): readonly string[] => [...header.matchAll(/"([^"]*)"/g)].map(([, tag]) => tag ?? '');

/** Whether a header with entity tags, or `*`, names this one. */
export const names = (header: string, tag: string): boolean =>
  header.trim() === '*' || readTags(header).some((one) => readTags(tag).includes(one));
