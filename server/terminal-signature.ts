import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';

/** Keys that were read, by their bytes as a connection holds them: reading one costs as much as checking a signature. */
const readKeys = new WeakMap<Buffer, KeyObject>();
const readKey = (bytes: Buffer): KeyObject => {
  const key = readKeys.get(bytes) ?? createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  readKeys.set(bytes, key);
  return key;
};

/** Whether this key (DER, SubjectPublicKeyInfo) signed this text: ECDSA with SHA-256, IEEE P1363, base64url. */
export const isSignedBy = (publicKey: Buffer, text: string, signature: string): boolean => {
  try {
    const key = { key: readKey(publicKey), dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
};

/** What a terminal signs of a report: its last record, whose hash has all before it in it. */
export const textOfReport = (records: readonly Pick<JournalRecord, 'epoch' | 'sequence' | 'hash'>[]): string => {
  const last = records.at(-1);
  return `journal.${last?.epoch}.${last?.sequence}.${last?.hash}`;
};
