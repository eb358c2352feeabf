import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { ProofAlgorithm } from '#contract/card.ts';
import { toHex } from '#core/card/bytes.ts';
import type { CardCertificate } from '#core/card/piv.ts';

/** Largest certificate that is taken (bytes); those of cards have one or two thousand. */
const longestCertificate = 4_096;

/** What a reader must know of a certificate. Nothing of it is checked here: that is for the server. */
export interface CardKey {
  /** DER. */
  readonly certificate: Uint8Array;
  /** SHA-256 of the public key (SPKI, DER), upper-case hexadecimal. */
  readonly fingerprint: string;
  /** Undefined for a key that no proof is taken of. */
  readonly algorithm: ProofAlgorithm | undefined;
}

/** Undefined for what is no certificate. */
export function tryReadCardKey({ bytes, isCompressed }: CardCertificate): CardKey | undefined {
  try {
    const certificate = isCompressed ? gunzipSync(bytes, { maxOutputLength: longestCertificate }) : bytes;
    if (certificate.length > longestCertificate) return undefined;
    const { publicKey } = new X509Certificate(certificate);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const fingerprint = toHex(createHash('sha256').update(spki).digest());
    return { certificate, fingerprint, algorithm: algorithmOf(publicKey) };
  } catch {
    return undefined;
  }
}

function algorithmOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): ProofAlgorithm | undefined {
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ecc-p256';
  if (type === 'ec' && details?.namedCurve === 'secp384r1') return 'ecc-p384';
  return type === 'rsa' && details?.modulusLength === 2048 ? 'rsa-2048' : undefined;
}
