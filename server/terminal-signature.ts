import { verify } from 'node:crypto';
import type { JournalRecord } from '#contract/audit.ts';
import type { TerminalSender } from './routes/handlers.ts';

/** Whether the key of the certificate that a request came with signed this text: ECDSA with SHA-256, IEEE P1363, base64url. */
export const isSignedBy = (
  { publicKey }: Pick<TerminalSender, 'publicKey'>,
  text: string,
  signature: string,
): boolean => {
  const key = { key: publicKey(), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const;
  try {
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
