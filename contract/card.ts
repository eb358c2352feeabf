import { z } from 'zod';
import { instant, terminalId } from './ids.ts';

/** Assurance of a card. `identifier` (UID or IDm) can be copied; `keyed` and `pki` answer a challenge. */
export const assurance = z.enum(['identifier', 'keyed', 'pki']);
export type Assurance = z.infer<typeof assurance>;

/** `piv`: a card with a certificate of its own (SP 800-73-5), over whatever contacts or field it is read. */
export const technology = z.enum(['iso14443a', 'iso14443b', 'felica', 'iso15693', 'piv']);
export type Technology = z.infer<typeof technology>;

/** Keys that a card may prove (SP 800-78-5, 3.1): ECDSA with SHA-256 or SHA-384, RSA with PKCS #1 v1.5 and SHA-256. */
export const proofAlgorithm = z.enum(['ecc-p256', 'ecc-p384', 'rsa-2048']);
export type ProofAlgorithm = z.infer<typeof proofAlgorithm>;

const base64url = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/);

/** The server's word for one card's answer at one terminal, for some minutes and once. Opaque to a terminal. */
export const cardNonce = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_.~-]+$/);
export type CardNonce = z.infer<typeof cardNonce>;

/** A nonce as the server gives it. */
export const givenNonce = z.strictObject({ nonce: cardNonce, expiresAt: instant });
export type GivenNonce = z.infer<typeof givenNonce>;

/** What a card is to sign: a nonce of the server, at one terminal. */
export const cardChallenge = z.strictObject({ nonce: cardNonce, terminal: terminalId });
export type CardChallenge = z.infer<typeof cardChallenge>;

/** A card's answer to a challenge by its card authentication key (SP 800-73-5: key 9E, which needs no PIN). */
export const cardProof = z.strictObject({
  kind: z.literal('piv-9e'),
  /** X.509, DER, base64url. */
  certificate: base64url(6_000),
  algorithm: proofAlgorithm,
  nonce: cardNonce,
  /** Over what `core/card/challenge.ts` makes of the challenge, base64url; ECDSA as DER. */
  signature: base64url(400),
  /** How long the card took to sign, as the reader saw it. */
  milliseconds: z.number().min(0).max(60_000),
});
export type CardProof = z.infer<typeof cardProof>;

/** A card as a reader saw it, in canonical form: it does not depend on the reader model. It exists in memory only. */
export const cardEvidence = z.strictObject({
  technology,
  /**
   * Full identifier in the card's own byte order, upper-case hexadecimal; FeliCa: IDm for `systemCode`;
   * PIV: SHA-256 of the public key (SPKI, DER) in its certificate.
   */
  identifier: z.string().regex(/^([0-9A-F]{2}){4,32}$/),
  /** FeliCa only: the system code that was polled, four hexadecimal digits. */
  systemCode: z
    .string()
    .regex(/^[0-9A-F]{4}$/)
    .optional(),
  /** PIV only: the ISO 14443-A UID, when it does not change. Under it the card may be enrolled from before. */
  uid: z
    .string()
    .regex(/^([0-9A-F]{2}){4,10}$/)
    .optional(),
  /** What the reader holds it for. The server believes a proof alone. */
  assurance,
  proof: cardProof.optional(),
});
export type CardEvidence = z.infer<typeof cardEvidence>;

/** What a person can tell apart when a card cannot be used for reading. */
export const misread = z.enum(['too-short', 'unreadable', 'random-identifier', 'several-cards']);
export type Misread = z.infer<typeof misread>;
