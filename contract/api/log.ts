import { z } from 'zod';
import { eventId, instant } from '../ids.ts';
import { table } from './row.ts';

/** 32 bytes in base64. */
const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const position = z.int().min(0);
/** A signed note (C2SP signed-note). */
export const note = z.string().max(8192);

/** What a checkpoint must be checked by. */
export const logKeys = z.strictObject({
  /** Keys that sign or signed checkpoints, oldest first, as verifiers of notes take them: name, hint, key. */
  keys: z.array(z.string().max(300)).max(1000),
  /** Notes by which a key says of the next one that it may sign. */
  endorsements: z.array(note).max(1000),
});
export type LogKeys = z.infer<typeof logKeys>;

export const logState = z.strictObject({
  /** Signed; `null` before the first line was placed. */
  checkpoint: note.nullable(),
  /** Why no more checkpoints are signed; `null` while all is well. */
  halted: z.string().nullable(),
  /** Lines that wait for their place. */
  waiting: z.int().min(0),
  ...logKeys.shape,
});
export type LogState = z.infer<typeof logState>;

/** The first line of an export of the log. The lines follow in their order, each checkpoint behind the last line that it covers. */
export const exportHeader = z.strictObject({
  kazasu: z.literal('log'),
  version: z.literal(1),
  /** Position of the first line in it. */
  from: position,
  /** Position after the last one: the size of the log of the last checkpoint. */
  size: position,
  /** Roots of the full subtrees over the lines before `from`. */
  before: z.array(hash).max(53),
  ...logKeys.shape,
});
export type ExportHeader = z.infer<typeof exportHeader>;

/** No proof over as many lines as numbers can count is longer. */
const auditPath = z.array(hash).max(64);

/** That the log of a checkpoint holds an event, as a file. */
export const eventProof = z.strictObject({
  kazasu: z.literal('event-proof'),
  version: z.literal(1),
  position,
  /** The event as it was hashed. */
  line: z.string(),
  /** SHA-256 of a zero byte and the line in UTF-8. */
  leaf: hash,
  /** RFC 6962 2.1.1. */
  proof: auditPath,
  checkpoint: note,
  ...logKeys.shape,
});
export type EventProof = z.infer<typeof eventProof>;

/** That the log of one checkpoint begins with that of another, as a file. */
export const growthProof = z.strictObject({
  kazasu: z.literal('growth-proof'),
  version: z.literal(1),
  /** The earlier one, kept outside of the server. */
  kept: note,
  /** RFC 6962 2.1.2. */
  proof: auditPath,
  checkpoint: note,
  ...logKeys.shape,
});
export type GrowthProof = z.infer<typeof growthProof>;

/** Why a proof proves nothing. */
export const eventProofFault = z.enum([
  /** Something in it cannot be read. */
  'unreadable',
  /** No key that is believed has signed the checkpoint. */
  'signature',
  /** The line is not the one that was hashed. */
  'changed',
  /** The log that was signed has another line in this position. */
  'root',
]);
export type EventProofFault = z.infer<typeof eventProofFault>;

export const growthProofFault = z.enum([
  'unreadable',
  'signature',
  /** No key that is believed has signed the checkpoint that was kept. */
  'kept-key',
  /** It names such a key, and its signature is false: it was changed, or not copied as it was. */
  'kept-signature',
  /** It has more lines than the log. */
  'larger',
  /** The log does not begin with its lines. */
  'root',
]);
export type GrowthProofFault = z.infer<typeof growthProofFault>;

const auditors = ['auditor'] as const;

export const logRows = table({
  'log/show': {
    method: 'GET',
    path: '/v1/log',
    sender: ['admin', 'auditor', 'operator'],
    event: null,
    failures: [],
    summary: 'The newest signed checkpoint of the log, and the keys by which checkpoints are checked.',
    answer: logState,
  },
  'log/prove-event': {
    method: 'GET',
    path: '/v1/log/events/:event/proof',
    sender: auditors,
    event: null,
    failures: ['EVENT_UNKNOWN', 'EVENT_NOT_PLACED'],
    summary:
      'That the log of the newest checkpoint holds an event: its line as it was hashed (SHA-256 of a zero byte and the line in UTF-8), position and inclusion proof (RFC 6962 2.1.1). Without `fault`, which says whether the server finds that it holds, it is a file that `npm run verify-log` needs nothing else for.',
    params: z.strictObject({ event: eventId }),
    answer: z.strictObject({ ...eventProof.shape, fault: eventProofFault.nullable() }),
  },
  'log/prove-growth': {
    method: 'GET',
    path: '/v1/log/consistency',
    sender: auditors,
    event: null,
    failures: ['LOG_SIZE_UNKNOWN'],
    summary: 'That the log of `to` lines is the one of `from` lines with lines added behind it (RFC 6962 2.1.2).',
    query: z.strictObject({ from: z.coerce.number().int().min(0), to: z.coerce.number().int().min(0) }),
    answer: z.strictObject({ proof: z.array(hash), fromRoot: hash, toRoot: hash }),
  },
  'log/compare': {
    method: 'POST',
    path: '/v1/log/comparison',
    sender: auditors,
    event: null,
    failures: ['CHECKPOINT_UNREADABLE', 'LOG_SIZE_UNKNOWN'],
    summary:
      'Whether the log begins with the lines of a checkpoint that was kept outside: both, and the consistency proof between them (RFC 6962 2.1.2). Without `fault` and `root`, what the server finds, it is a file that `npm run verify-log` needs nothing else for.',
    body: z.strictObject({ checkpoint: note }),
    answer: z.strictObject({
      ...growthProof.shape,
      fault: growthProofFault.nullable(),
      /** Of as many lines as the kept one has, in the log of now; `null` where it has fewer. */
      root: hash.nullable(),
    }),
  },
  'log/export': {
    method: 'GET',
    path: '/v1/log/export',
    sender: auditors,
    event: 'log.exported',
    failures: ['LOG_SIZE_UNKNOWN'],
    summary:
      'The log from position `from` on with its checkpoints, page by page; the texts one behind the other are JSON Lines that `npm run verify-log` needs nothing else for. Lines of dropped months are their hashes. The event is written with the first page that is read.',
    query: z.strictObject({
      from: z.coerce.number().int().min(0).default(0),
      /** Of pages after the first: `next` and `size` of the page before. */
      next: z.coerce.number().int().min(0).optional(),
      size: z.coerce.number().int().min(0).optional(),
    }),
    answer: z.strictObject({ text: z.string(), next: position.nullable(), size: position }),
  },
  'log/witness': {
    method: 'GET',
    path: '/v1/terminals/log',
    sender: 'terminal',
    takesDisabled: true,
    event: null,
    failures: ['LOG_SIZE_UNKNOWN'],
    summary:
      'For a terminal that keeps a checkpoint of `size` lines: the newest one, the proof that it goes on from there, and the keys.',
    query: z.strictObject({ size: z.coerce.number().int().min(0) }),
    answer: z.strictObject({ checkpoint: note.nullable(), proof: z.array(hash), at: instant, ...logKeys.shape }),
  },
});
