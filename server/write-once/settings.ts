import { z } from 'zod';
import { SettingsProblem } from '../backup/reach.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const isConfidential = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
};

const schema = z.object({
  KAZASU_BACKUP_S3_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  /** Left out: Amazon's own, by the region. */
  KAZASU_BACKUP_S3_ENDPOINT: z
    .url()
    .refine(isConfidential, 'must begin with https:// (http:// on this machine alone)')
    .optional(),
  KAZASU_BACKUP_S3_REGION: z.string().min(1).default('us-east-1'),
  KAZASU_BACKUP_S3_PREFIX: z
    .string()
    .regex(/^([\w.-]+\/)*$/, 'must be empty or end with /')
    .default(''),
  KAZASU_BACKUP_S3_DAYS: z.coerce.number().int().min(1).max(36_500),
  KAZASU_BACKUP_S3_MODE: z.enum(['COMPLIANCE', 'GOVERNANCE']).default('COMPLIANCE'),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
});

/** A bucket whose objects nobody can change or delete for some days. */
export interface WriteOnceSettings {
  readonly bucket: string;
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Names of the objects begin with it. */
  readonly prefix: string;
  readonly days: number;
  /** `COMPLIANCE`: nobody, not even the account's owner; `GOVERNANCE`: whoever has a right of its own for it. */
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** Undefined where the environment names none: then the SDK looks where it knows (profile, role of the machine). */
  readonly credentials: Credentials | undefined;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const credentialsOf = (given: z.infer<typeof schema>): Credentials | undefined => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = given;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
};

/** Reads the environment. All problems are named together. */
export const readWriteOnceSettings = (environment: Readonly<Record<string, string | undefined>>): WriteOnceSettings => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw new SettingsProblem(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    );
  const { data } = parsed;
  return {
    bucket: data.KAZASU_BACKUP_S3_BUCKET,
    endpoint: data.KAZASU_BACKUP_S3_ENDPOINT,
    region: data.KAZASU_BACKUP_S3_REGION,
    prefix: data.KAZASU_BACKUP_S3_PREFIX,
    days: data.KAZASU_BACKUP_S3_DAYS,
    mode: data.KAZASU_BACKUP_S3_MODE,
    credentials: credentialsOf(data),
  };
};
