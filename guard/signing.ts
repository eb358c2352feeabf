import { sign } from 'node:crypto';
import { keyOf } from './identity.ts';

/** ECDSA P-256 with SHA-256 over a text in UTF-8 by the terminal's key (PKCS #8, PEM): IEEE P1363 (r ‖ s), base64url. */
export const signText = (text: string, privateKey: string): string =>
  sign('sha256', Buffer.from(text), { key: keyOf(privateKey), dsaEncoding: 'ieee-p1363' }).toString('base64url');
