import { z } from 'zod';
import { instant } from '../ids.ts';
import { table } from './row.ts';

/** What the server's keys are for. Each purpose has a ring of numbered keys: the newest in use writes, all of them read. */
export const keyPurposes = ['card-index', 'pin-pepper', 'sealing', 'grant', 'log', 'ca'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** `waits`: every process and terminal learns it, nothing is written with it yet. `old`: it still reads. */
export const keyState = z.enum(['waits', 'in-use', 'old']);
export type KeyState = z.infer<typeof keyState>;

const keySummary = z.strictObject({
  purpose: z.enum(keyPurposes),
  id: z.int().min(1),
  state: keyState,
  /** `null` for keys that are older than this was written down. */
  madeAt: instant.nullable(),
  usedFrom: instant.nullable(),
  /** What still hangs on it: cards, PINs and passwords, seeds, or certificates of terminals. */
  hanging: z.int().min(0),
});
export type KeySummary = z.infer<typeof keySummary>;

const authoritySummary = z.strictObject({
  id: z.int().min(1),
  state: keyState,
  name: z.string(),
  /** SHA-256 of the certificate, as browsers show it. */
  fingerprint: z.string(),
  endsAt: instant,
});

export const keysShown = z.strictObject({
  keys: z.array(keySummary),
  authorities: z.array(authoritySummary),
  /** The certificate that this process of the server shows. */
  server: z.strictObject({ endsAt: instant, names: z.array(z.string()) }),
  /** Certificates of terminals that were not revoked, by the time until they end. */
  terminals: z.strictObject({
    ended: z.int().min(0),
    withinDay: z.int().min(0),
    withinThreeDays: z.int().min(0),
    later: z.int().min(0),
    /** Connected ones that do not know the authorities and grant keys of now yet. */
    unaware: z.int().min(0),
  }),
  /** Processes of the server that run, and whether each holds the keys as they are now. */
  processes: z.array(z.strictObject({ host: z.string(), startedAt: instant, holdsNewest: z.boolean() })),
});
export type KeysShown = z.infer<typeof keysShown>;

export const keyRows = table({
  'keys/show': {
    method: 'GET',
    path: '/v1/keys',
    sender: ['admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary: 'Keys and certificates with their ages and ends, and what still hangs on old ones. No key is in it.',
    answer: keysShown,
  },
});
