import { z } from 'zod';
import { cardChallenge, cardEvidence, misread } from './card.ts';

/** State of the reader service: `no-service` PC/SC is absent, `no-reader` nothing is plugged in. */
export const readerStatus = z.enum(['no-service', 'no-reader', 'ready']);
export type ReaderStatus = z.infer<typeof readerStatus>;

const presentation = z.strictObject({
  reader: z.string(),
  /** Counts presentations in this reader process; everything about one card in the field carries one number. */
  presentation: z.int().min(1),
});

/** What the reader process tells the guard: one JSON message each over the child process's channel. */
export const fromReader = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), status: readerStatus, readers: z.array(z.string()) }),
  /** A card has entered the field; nothing is known of it yet. */
  presentation.extend({
    kind: z.literal('card-entered'),
    /** It was there when the reader was first seen (at start, or when service or reader came back): no tap. */
    resting: z.literal(true).optional(),
  }),
  presentation.extend({ kind: z.literal('card-read'), card: cardEvidence, milliseconds: z.number().min(0) }),
  presentation.extend({ kind: z.literal('card-misread'), reason: misread }),
  presentation.extend({ kind: z.literal('card-left') }),
  /** A card that can answer a challenge is being read, and there is none in hand. */
  z.strictObject({ kind: z.literal('challenge-wanted') }),
]);
export type FromReader = z.infer<typeof fromReader>;

/** What the guard tells the reader process. The process also ends when the channel closes. */
export const toReader = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('configure'),
    /** Readers whose name contains one of these are left alone (SAM slots and the like). */
    ignoreReaders: z.array(z.string()),
    /** FeliCa: the system whose IDm identifies a card; FFFF (the default) is the card's first system. */
    felicaSystemCode: z
      .string()
      .regex(/^[0-9A-F]{4}$/)
      .optional(),
    /** Two different cards read within this time are told as `several-cards`; default 1000. */
    severalWithinMilliseconds: z.int().min(0).optional(),
  }),
  /**
   * What cards that can are to sign. It is used up by the `card-read` that answers it. `awaited`: there is none at this
   * moment. `off`, as it is at start: nobody asks for proofs, and cards are read by their identifiers.
   */
  z.strictObject({ kind: z.literal('challenge'), challenge: z.union([cardChallenge, z.enum(['awaited', 'off'])]) }),
  z.strictObject({ kind: z.literal('stop') }),
]);
export type ToReader = z.infer<typeof toReader>;
