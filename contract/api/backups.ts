import { z } from 'zod';
import { eventId, instant } from '../ids.ts';
import { listingEnd, listingQuery } from './listing.ts';
import { table } from './row.ts';

const count = z.int().min(0);

/** What has become of a backup, as the later ones into its folder told. */
export const backupState = z.enum([
  'kept',
  /** The next backup into its folder takes its place. */
  'next',
  /** No longer in its folder, and locked in the write-once store. */
  'write-once',
  'gone',
  /** The log tells that it was made, and not where. */
  'unknown',
]);
export type BackupState = z.infer<typeof backupState>;

/** A backup that was made and read back. What is `null` was not told, as by a server of an earlier version. */
export const backupGeneration = z.strictObject({
  id: eventId,
  at: instant,
  state: backupState,
  name: z.string().nullable(),
  folder: z.string().nullable(),
  host: z.string().nullable(),
  bytes: count.nullable(),
  tables: count.nullable(),
  /** That were read back. */
  rows: count.nullable(),
  /** Public key (age) of whoever opens it. */
  recipient: z.string().nullable(),
  /** Whether it was to go to the write-once store, and got there. */
  stored: z.enum(['not-asked', 'stored', 'failed']),
  lockedUntil: instant.nullable(),
  goneAt: instant.nullable(),
  /** Another generation took its place, or it was missing when the next one was made. */
  goneBy: z.enum(['retention', 'somebody']).nullable(),
});
export type BackupGeneration = z.infer<typeof backupGeneration>;

export const backupProblem = z.strictObject({
  kind: z.enum(['none', 'old', 'store-failed', 'store-none', 'store-unlocked', 'removed-by-somebody', 'key-beside']),
  tone: z.enum(['bad', 'warn']),
  /** When the last one was made, or when the lock ended; `null` where there is no time to it. */
  at: instant.nullable(),
  /** What mends it, for a shell on the server's machine. */
  command: z.string(),
});
export type BackupProblem = z.infer<typeof backupProblem>;

export const backups = table({
  'backups/list': {
    method: 'GET',
    path: '/v1/backups',
    sender: ['admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary:
      'The backups that the log tells of, where each lies and what has become of it; what is wrong with them, and the commands that mend it. The server sees none of the files: it has what the backups told.',
    query: z.strictObject({
      ...listingQuery(['at', 'bytes', 'state', 'locked']),
      state: backupState.optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    answer: z.strictObject({
      backups: z.array(backupGeneration),
      ...listingEnd,
      /** Whatever is searched for. */
      newest: backupGeneration.nullable(),
      /** Of all generations: those that lie in their folders, and those that are locked in the write-once store. */
      kept: count,
      locked: count,
      /** Names of those whose place the next backup takes. */
      goesNext: z.array(z.string()),
      /** The last restore that this server went on from: when, of which time the backup was, and who did it. */
      restored: z.strictObject({ at: instant, of: instant.nullable(), by: z.string() }).nullable(),
      /** The last drill of a restore: when, with which backup and of which time it was, who did it, and why it failed. */
      practised: z
        .strictObject({
          at: instant,
          backup: z.string(),
          of: instant.nullable(),
          by: z.string(),
          failed: z.string().nullable(),
        })
        .nullable(),
      /** The worst first. */
      problems: z.array(backupProblem),
      commands: z.strictObject({ make: z.string(), list: z.string(), practise: z.string() }),
    }),
  },
});
