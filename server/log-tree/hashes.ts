import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { CheckSignature } from '#core/audit/checkpoint.ts';
import { createTreeHashes } from '#core/audit/merkle.ts';

/** By the platform's own code; as a text it comes in half the time that a buffer takes to be made. */
const sha256 = (bytes: Uint8Array): Uint8Array => {
  const text = hash('sha256', bytes, 'binary');
  const digest = new Uint8Array(32);
  for (let place = 0; place < 32; place += 1) digest[place] = text.charCodeAt(place);
  return digest;
};

export const fastHashes = createTreeHashes(sha256);

/** Ed25519 keys as others want them: 12 bytes say what they are (RFC 8410). */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

const opened = new WeakMap<Uint8Array, KeyObject>();
const openKey = (key: Uint8Array): KeyObject => {
  const known = opened.get(key);
  if (known !== undefined) return known;
  const fresh = createPublicKey({ key: Buffer.concat([spkiHead, key]), format: 'der', type: 'spki' });
  opened.set(key, fresh);
  return fresh;
};

export const checkEd25519: CheckSignature = (key, bytes, signature) => {
  try {
    return verify(null, bytes, openKey(key), signature);
  } catch {
    return false;
  }
};
