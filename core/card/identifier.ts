import type { Technology } from '#contract/card.ts';
import { toHex } from './bytes.ts';

/** Lengths in bytes: ISO/IEC 14443-3 6.5.4 (A) and 7.9.2 (B), JIS X 6319-4 (IDm), ISO/IEC 15693-3 4.1, SHA-256 (PIV). */
const lengths: Readonly<Record<Technology, readonly number[]>> = {
  iso14443a: [4, 7, 10],
  iso14443b: [4],
  felica: [8],
  iso15693: [8],
  piv: [32],
};

/**
 * The identifier in the card's own byte order as upper-case hexadecimal, the same from every reader model.
 * Undefined when the length does not belong to the technology (cut, padded or made up by the reader),
 * or when every byte is the same filler.
 */
export function canonicalIdentifier(technology: Technology, bytes: Uint8Array): string | undefined {
  if (!lengths[technology].includes(bytes.length)) return undefined;
  if (bytes.every((byte) => byte === 0x00) || bytes.every((byte) => byte === 0xff)) return undefined;
  return toHex(technology === 'iso15693' ? mostSignificantFirst(bytes) : bytes);
}

/** An ISO 15693 UID begins with E0; some readers hand it over in the order of transmission, E0 last. */
function mostSignificantFirst(bytes: Uint8Array): Uint8Array {
  return bytes[0] !== 0xe0 && bytes[7] === 0xe0 ? bytes.toReversed() : bytes;
}

/**
 * Whether the identifier may change from one presentation to the next, so that it says nothing about whose card it is:
 * 4-byte UIDs that begin with 08 (ISO/IEC 14443-3, 6.5.4), every PUPI (7.9.2), IDm that begin with 01FE or 02FE
 * (set at random by devices: NFC Forum Digital Protocol, NFCID2).
 */
export function isRandomIdentifier(technology: Technology, identifier: string): boolean {
  if (technology === 'iso14443b') return true;
  if (technology === 'iso14443a') return identifier.length === 8 && identifier.startsWith('08');
  if (technology === 'felica') return /^0[12]FE/.test(identifier);
  return false;
}
