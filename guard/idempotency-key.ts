import { randomBytes } from 'node:crypto';

/** Of one thing that a person did: by it the server knows the request when it comes again. 16 bytes, base64url. */
export const createIdempotencyKey = (): string => randomBytes(16).toString('base64url');
