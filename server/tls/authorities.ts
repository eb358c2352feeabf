import { createHash, X509Certificate } from 'node:crypto';
import { inOrder, type KeyRings } from '../key-ring.ts';
import { type Authority, openAuthority } from './authority.ts';

/** Every authority whose certificates are taken. */
export interface Authorities {
  /** The one that signs. */
  readonly current: Authority;
  readonly all: readonly [Authority, ...Authority[]];
  /** Their certificates, PEM, one after the other; the one that signs first. */
  readonly bundle: string;
  /** The current one as another that is trusted signed it, PEM: whoever knows that one alone needs it. */
  readonly between: string | undefined;
  /** The number of the one that signed this certificate; undefined when it is none of them. */
  numberOf(certificate: X509Certificate): number | undefined;
  has(id: number): boolean;
}

export const openAuthorities = (rings: KeyRings): Authorities => {
  if (rings.ca === undefined) throw new Error('there is no authority yet');
  const [first, ...others] = inOrder(rings.ca);
  const all: [Authority, ...Authority[]] = [openAuthority(first), ...others.map(openAuthority)];
  const [current] = all;
  const issuers = all.map(({ id, certificate }) => ({ id, certificate: new X509Certificate(certificate) }));
  const numberOf = (certificate: X509Certificate): number | undefined =>
    issuers.find(({ certificate: issuer }) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
      ?.id;
  const isTrusted = (pem: string | undefined) => pem !== undefined && numberOf(new X509Certificate(pem)) !== undefined;
  return {
    current,
    all,
    bundle: all.map(({ certificate }) => `${certificate.trim()}\n`).join(''),
    between: isTrusted(current.cross) ? current.cross : undefined,
    numberOf,
    has: (id) => issuers.some((issuer) => issuer.id === id),
  };
};

/** SHA-256 of a certificate (DER), as browsers show it. */
export const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

export const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
