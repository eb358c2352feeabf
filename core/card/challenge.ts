import { sha256, sha384 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { CardChallenge, ProofAlgorithm } from '#contract/card.ts';
import { fromHex } from './bytes.ts';

/**
 * What a card's signature is over. The first words keep it apart from anything else that such a key may ever sign;
 * neither a nonce nor a terminal's identifier holds the byte between them, so no two challenges make one text.
 */
export const challengeText = ({ nonce, terminal }: CardChallenge): string =>
  `kazasu card proof 1\0${nonce}\0${terminal}`;

/** DigestInfo of SHA-256 (RFC 8017, 9.2, note 1). */
const sha256Info = fromHex('3031300d060960864801650304020105000420');

/** Bytes of a modulus of 2048 bits. */
const rsaLength = 256;

/** What the card is given to sign: a digest for its curve, or the whole padded block for RSA (EMSA-PKCS1-v1_5). */
export function challengeBlock(algorithm: ProofAlgorithm, challenge: CardChallenge): Uint8Array {
  const text = utf8ToBytes(challengeText(challenge));
  switch (algorithm) {
    case 'ecc-p256':
      return sha256(text);
    case 'ecc-p384':
      return sha384(text);
    case 'rsa-2048': {
      const info = Uint8Array.of(...sha256Info, ...sha256(text));
      const padding = new Uint8Array(rsaLength - info.length - 3).fill(0xff);
      return Uint8Array.of(0x00, 0x01, ...padding, 0x00, ...info);
    }
  }
}
