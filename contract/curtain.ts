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

// ---------------------------------------------------------------- the local socket between guard and curtains

/** The longest line to a curtain, in bytes, and the longest name in one. `native/curtain/message.h` has the same. */
export const longestCurtainLine = 512;
export const longestLabel = 160;

/** Its bytes are counted, not its letters, and control characters have no place in it. */
const label = z.string().max(longestLabel);

/** Guard to each of the two curtains. JSON Lines over a local socket that the guard listens on. */
export const toCurtain = z.discriminatedUnion('kind', [
  lease,
  cover,
  /** What stands on the cover while no screen draws on it. */
  z.strictObject({ kind: z.literal('label'), terminal: label, helpdesk: label }),
]);
export type ToCurtain = z.infer<typeof toCurtain>;

/** Curtain to guard. */
export const fromCurtain = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('curtain-hello'), pid: z.int().min(1) }),
  /**
   * `covered`: the X server says that every screen is covered by this curtain. `held`: and that keyboard and pointer
   * are this one's. Only one of two curtains can hold them.
   */
  z.strictObject({
    kind: z.literal('curtain-state'),
    lock: lockId.nullable(),
    covered: z.boolean(),
    held: z.boolean(),
    displays: z.int().min(0),
  }),
  /** Seconds since the last input of any kind on this display; sent every second while open. */
  z.strictObject({ kind: z.literal('idle'), seconds: z.number().min(0) }),
  /** The hot key, on an open desktop. */
  z.strictObject({ kind: z.literal('lock-asked') }),
]);
export type FromCurtain = z.infer<typeof fromCurtain>;
export type CurtainState = Extract<FromCurtain, { kind: 'curtain-state' }>;
