import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A secret that is shown or sent once: 32 random bytes, base64url. */
export const createToken = (): string => randomBytes(32).toString('base64url');

/** SHA-256: what is stored of a token. Tokens are random, so no slow hash is needed. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

/** Compared in constant time. */
export const isTokenOf = (token: string, hash: Buffer): boolean => {
  const given = hashToken(token);
  return given.length === hash.length && timingSafeEqual(given, hash);
};

/** Digits of Crockford's base32: none that is read as another. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A code that a person types: 26 random digits of Crockford's base32 (130 bits), in groups that are told apart. */
export const createTypedCode = (): string => {
  const code = Array.from(randomBytes(26), (byte) => digits[byte & 31]).join('');
  return code.replace(/^(.{5})(.{5})(.{5})(.{5})/, '$1-$2-$3-$4-');
};

/** `hashToken` of a typed code: neither case, width, spaces and hyphens nor O for 0 and I or L for 1 make a difference. */
export const hashTypedCode = (typed: string): Buffer => {
  const plain = typed.normalize('NFKC').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  return hashToken(plain.replace(/[\s\p{Pd}ー\u2212]/gu, ''));
};
