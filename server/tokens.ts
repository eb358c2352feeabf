import { createHash, randomBytes } from 'node:crypto';

/** A secret that is shown or sent once: 32 random bytes, base64url. */
export const createToken = (): string => randomBytes(32).toString('base64url');

/** SHA-256: what is stored of a token. Tokens are random, so no slow hash is needed. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();
