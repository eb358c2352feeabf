import type { WriteOnceSettings } from './settings.ts';

/** Why nothing was stored or fetched, in the words of an operator. */
export class WriteOnceProblem extends Error {}

type Named = Error & { readonly name: string; readonly code?: string };

/** What S3 says (Amazon S3 API Reference, Error responses) and what it means here. */
const meanings: Readonly<Record<string, (settings: WriteOnceSettings) => string>> = {
  ObjectLockConfigurationNotFoundError: ({ bucket }) =>
    `the bucket ${bucket} has no Object Lock: what lies there can be deleted at any time. Make a bucket with it, or turn it on`,
  NoSuchBucket: ({ bucket }) => `there is no bucket ${bucket}`,
  AccessDenied: ({ bucket }) =>
    `the bucket ${bucket} refuses: the key needs the rights to put, get, list versions and read and set retention`,
  InvalidAccessKeyId: () => 'AWS_ACCESS_KEY_ID is not known there',
  SignatureDoesNotMatch: () => 'AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID',
  RequestTimeTooSkewed: () => 'the clock of this machine is too far off',
  PreconditionFailed: () => 'a backup of this name lies there already',
  CredentialsProviderError: () => 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  BadDigest: () => 'the backup did not arrive as it was sent',
  XAmzContentChecksumMismatch: () => 'the backup did not arrive as it was sent',
};

/** The same problem in words that say what to do; what is not known keeps its own. */
export const explain = (problem: unknown, settings: WriteOnceSettings): Error => {
  if (problem instanceof WriteOnceProblem || !(problem instanceof Error)) return problem as Error;
  const { code = '', message, name } = problem as Named;
  // Thrown by the SDK without a name of its own (@smithy/core, ChecksumStream).
  if (message.startsWith('Checksum mismatch'))
    return new WriteOnceProblem(`the backup came from ${settings.bucket} otherwise than it was sent`, {
      cause: problem,
    });
  const meaning = meanings[name] ?? meanings[code];
  if (meaning !== undefined) return new WriteOnceProblem(meaning(settings), { cause: problem });
  const where = settings.endpoint ?? `Amazon S3 in ${settings.region}`;
  return new WriteOnceProblem(`${where}: ${name} ${message || code}`, { cause: problem });
};
