import { z } from 'zod';
import { lockId } from './ids.ts';

/** No lease lives longer, whatever its sender asks for (milliseconds). */
export const longestLease = 2000;
/** How often the guard renews it (milliseconds). */
export const leaseRenewal = 500;

/**
 * The lease: the desktop shows only while a fresh one is held. One JSON line, `\n` at its end, at most 256 bytes.
 * A cover accepts it when `lock` is the lock that it is holding and `sequence` is above the last one;
 * it ends `milliseconds` after it was *received*, by the receiver's own monotonic clock, or when the connection closes.
 */
export const lease = z.strictObject({
  kind: z.literal('lease'),
  lock: lockId,
  sequence: z.int().min(1),
  milliseconds: z.int().min(1).max(longestLease),
});
export type Lease = z.infer<typeof lease>;

/** Ends every lease at once and names the lock that the next lease must carry. */
export const cover = z.strictObject({ kind: z.literal('cover'), lock: lockId });
export type Cover = z.infer<typeof cover>;

/** What a cover reports: `covered` only when every display is covered. */
export const coverState = z.strictObject({
  kind: z.literal('cover-state'),
  lock: lockId.nullable(),
  covered: z.boolean(),
  displays: z.int().min(0),
});
export type CoverState = z.infer<typeof coverState>;
