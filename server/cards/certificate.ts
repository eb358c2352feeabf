import '../tls/reflect.ts';
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { ProofAlgorithm } from '#contract/card.ts';

/** What a certificate says, whoever signed it and whatever the time. */
export interface CertificateFacts {
  readonly certificate: X509Certificate;
  readonly publicKey: KeyObject;
  /** Public key: SPKI, DER. */
  readonly spki: Buffer;
  /** SHA-256 of `spki`, upper-case hexadecimal: what a PIV card is known by. */
  readonly fingerprint: string;
  /** Undefined for a key that no proof is taken of. */
  readonly algorithm: ProofAlgorithm | undefined;
  readonly notBefore: number;
  readonly notAfter: number;
  /** May sign certificates of others (RFC 5280, 4.2.1.3 and 4.2.1.9). */
  readonly isIssuer: boolean;
  /** May prove a card: signs what is no certificate, and nothing keeps it from authenticating a card. */
  readonly mayProve: boolean;
  /** Signed by way of MD5 or SHA-1, of which two certificates can have the same. */
  readonly isWeak: boolean;
  /** Names itself as its issuer, whether it has signed itself or not. */
  readonly namesItself: boolean;
}

/** Largest certificate that is read (bytes). */
const longest = 4_096;
/** id-PIV-cardAuth (FIPS 201-3, 6.2.3; Common Policy, worksheet for card authentication) and anyExtendedKeyUsage. */
const cardPurposes: readonly string[] = ['2.16.840.1.101.3.6.8', '2.5.29.37.0'];
const strongHashes: readonly unknown[] = ['SHA-256', 'SHA-384', 'SHA-512'];

/** Undefined for whatever is not exactly one X.509 certificate in DER. */
export const tryReadCertificate = (der: Buffer): CertificateFacts | undefined => {
  if (der.length > longest) return undefined;
  try {
    const certificate = new X509Certificate(der);
    if (!certificate.raw.equals(der)) return undefined;
    return readFacts(certificate, new x509.X509Certificate(der));
  } catch {
    return undefined;
  }
};

const readFacts = (certificate: X509Certificate, parsed: x509.X509Certificate): CertificateFacts => {
  const { publicKey } = certificate;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const usages = parsed.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  const purposes = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  const isAuthority = parsed.getExtension(x509.BasicConstraintsExtension)?.ca === true;
  const { hash } = parsed.signatureAlgorithm as { readonly hash?: { readonly name?: string } };
  return {
    certificate,
    publicKey,
    spki,
    fingerprint: createHash('sha256').update(spki).digest('hex').toUpperCase(),
    algorithm: algorithmOf(publicKey),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    isIssuer: isAuthority && (usages & x509.KeyUsageFlags.keyCertSign) !== 0,
    mayProve:
      !isAuthority &&
      (usages & x509.KeyUsageFlags.digitalSignature) !== 0 &&
      (purposes === undefined || purposes.some((purpose) => cardPurposes.includes(purpose))),
    isWeak: !strongHashes.includes(hash?.name),
    namesItself: certificate.subject === certificate.issuer,
  };
};

/** The key alone says by which algorithm it signs: nothing that came with it has a say. */
const algorithmOf = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) => {
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ecc-p256';
  if (type === 'ec' && details?.namedCurve === 'secp384r1') return 'ecc-p384';
  const isUsualRsa = type === 'rsa' && details?.modulusLength === 2048 && (details.publicExponent ?? 0n) >= 65_537n;
  return isUsualRsa ? 'rsa-2048' : undefined;
};
