import { z } from 'zod';

/** Assurance of a card. `identifier` (UID or IDm) can be copied; `keyed` and `pki` answer a challenge. */
export const assurance = z.enum(['identifier', 'keyed', 'pki']);
export type Assurance = z.infer<typeof assurance>;

export const technology = z.enum(['iso14443a', 'iso14443b', 'felica', 'iso15693']);
export type Technology = z.infer<typeof technology>;

/** A card as a reader saw it, in canonical form: it does not depend on the reader model. It exists in memory only. */
export const cardEvidence = z.strictObject({
  technology,
  /** Full identifier in the card's own byte order, upper-case hexadecimal; FeliCa: IDm for `systemCode`. */
  identifier: z.string().regex(/^([0-9A-F]{2}){4,16}$/),
  /** FeliCa only: the system code that was polled, four hexadecimal digits. */
  systemCode: z
    .string()
    .regex(/^[0-9A-F]{4}$/)
    .optional(),
  assurance,
});
export type CardEvidence = z.infer<typeof cardEvidence>;

/** What a person can tell apart when a card cannot be used for reading. */
export const misread = z.enum(['too-short', 'unreadable', 'random-identifier', 'several-cards']);
export type Misread = z.infer<typeof misread>;
