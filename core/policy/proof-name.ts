import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64 } from '../audit/base64.ts';

/**
 * How the log names one entry of a secret that the server and, because the answer took too long, the terminal have both
 * looked at: by it the server knows that it has counted that step already. From the random key of the proof, of which it
 * tells nothing.
 */
export const nameProof = (idempotencyKey: string): string =>
  toBase64(sha256(utf8ToBytes(`kazasu proof ${idempotencyKey}`))).slice(0, 22);
