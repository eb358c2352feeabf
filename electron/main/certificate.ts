import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate as a browser session shows it: PEM, and who issued it, as far as the server sent it along. */
export interface ShownCertificate {
  readonly data: string;
  readonly issuerCert?: ShownCertificate | null;
}

const longestChain = 3;

const isValidAt = (certificate: X509Certificate, now: number): boolean =>
  Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const namesHost = (leaf: X509Certificate, host: string): boolean => {
  const name = host.replace(/^\[|\]$/g, '');
  return isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) !== undefined : leaf.checkIP(name) !== undefined;
};

/** Each certificate of a PEM text. */
const certificatesIn = (pem: string): readonly string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

/**
 * True when `shown` names `host`, is valid at `now` (epoch milliseconds) and leads to one of exactly these authorities (PEM,
 * one after the other). The system's own list of authorities is not asked.
 */
export const isVouchedFor = (shown: ShownCertificate, host: string, authorities: string, now: number): boolean =>
  certificatesIn(authorities).some((authority) => isVouchedForBy(authority, shown, host, now));

const isVouchedForBy = (authority: string, shown: ShownCertificate, host: string, now: number): boolean => {
  try {
    const root = new X509Certificate(authority);
    if (!root.ca || !isValidAt(root, now)) return false;
    const leaf = new X509Certificate(shown.data);
    if (leaf.ca || !namesHost(leaf, host)) return false;
    let certificate = leaf;
    let next = shown.issuerCert;
    for (let depth = 0; depth < longestChain; depth += 1) {
      if (!isValidAt(certificate, now)) return false;
      if (isIssuedBy(certificate, root)) return true;
      if (next === undefined || next === null) return false;
      const issuer = new X509Certificate(next.data);
      if (!isIssuedBy(certificate, issuer)) return false;
      certificate = issuer;
      next = next.issuerCert === next ? null : next.issuerCert;
    }
    return false;
  } catch {
    return false;
  }
};
