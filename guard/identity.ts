import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { type Admission, admission } from '#contract/api/terminals.ts';

/** What a terminal is to the server: its certificate, its private key, and what it was told when it was admitted. */
export interface Identity extends Admission {
  /** PKCS #8, PEM. It comes from the keychain and is never written anywhere else. */
  readonly privateKey: string;
}

export const createPrivateKeyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export const keyOf = (pem: string): KeyObject => createPrivateKey(pem);

/** Joins an admission and a key, or `null` where the certificate is of another key or either is damaged. */
export function joinIdentity(admitted: unknown, privateKey: string): Identity | null {
  const parsed = admission.safeParse(admitted);
  if (!parsed.success) return null;
  try {
    const holds = new X509Certificate(parsed.data.certificate).checkPrivateKey(createPrivateKey(privateKey));
    return holds ? { ...parsed.data, privateKey } : null;
  } catch {
    return null;
  }
}

/**
 * When a certificate is old, milliseconds since 1970: between 60 and 70 % of its life, where `share` (0 to 1) says, so that
 * terminals that were enrolled in one morning do not all come at once.
 */
export function renewalAt(certificate: string, share: number): number {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + (to - from) * (0.6 + 0.1 * share);
}

/** Whether its certificate is of the authority that signs now: the first one in what it trusts. */
export const isOfNewestAuthority = ({ certificate, authority }: Pick<Identity, 'certificate' | 'authority'>): boolean =>
  new X509Certificate(certificate).checkIssued(new X509Certificate(authority));
