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

/** When two thirds of the certificate's life are over, milliseconds since 1970. */
export function renewalAt(certificate: string): number {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + ((to - from) * 2) / 3;
}
