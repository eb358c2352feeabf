import type { Technology } from '#contract/card.ts';

/**
 * What an answer to reset says about a contactless card. Readers make these up (PC/SC part 3, 3.1.3.2.3):
 * `storage` for memory cards and FeliCa, `processor` for ISO 14443-4 cards; `other` is a contact card or garbage.
 */
export type AtrKind =
  | { readonly kind: 'storage'; readonly technology: Technology; readonly cardName: number }
  | { readonly kind: 'processor'; readonly technology: 'iso14443a' | 'iso14443b' }
  | { readonly kind: 'other' };

const other: AtrKind = { kind: 'other' };

/** Registered application provider of PC/SC: A0 00 00 03 06. */
const provider = [0xa0, 0x00, 0x00, 0x03, 0x06];

/** The byte SS (PC/SC part 3 supplement, "standard"). */
const standards: ReadonlyMap<number, Technology> = new Map([
  [0x01, 'iso14443a'],
  [0x02, 'iso14443a'],
  [0x03, 'iso14443a'],
  [0x05, 'iso14443b'],
  [0x06, 'iso14443b'],
  [0x07, 'iso14443b'],
  [0x09, 'iso15693'],
  [0x0a, 'iso15693'],
  [0x0b, 'iso15693'],
  [0x0c, 'iso15693'],
  [0x11, 'felica'],
]);

/** ACS readers keep SS at 03 for FeliCa and put the speed into the card name (ACR122U API, 3.2). */
const felicaCardNames: ReadonlySet<number> = new Set([0xf011, 0xf012]);

/** Never throws; unknown or damaged bytes are `other`. */
export function parseAtr(atr: Uint8Array): AtrKind {
  const historicalLength = (atr[1] ?? 0) & 0x0f;
  // 3B 8n 80 01: direct convention, TD1 and TD2 only, n historical bytes and the check byte.
  if (atr[0] !== 0x3b || atr[1] !== (0x80 | historicalLength) || atr[2] !== 0x80 || atr[3] !== 0x01) return other;
  if (atr.length !== 4 + historicalLength + 1) return other;
  if (atr.subarray(1).reduce((check, byte) => check ^ byte, 0) !== 0) return other;
  const historical = atr.subarray(4, 4 + historicalLength);
  return parseStorage(historical) ?? { kind: 'processor', technology: isTypeB(historical) ? 'iso14443b' : 'iso14443a' };
}

function parseStorage(historical: Uint8Array): AtrKind | undefined {
  // 80 4F 0C RID(5) SS NN NN 00 00 00 00
  if (historical[0] !== 0x80 || historical[1] !== 0x4f || historical[2] !== 0x0c) return undefined;
  if (!provider.every((byte, index) => historical[3 + index] === byte)) return undefined;
  const cardName = (historical[9] ?? 0) * 0x100 + (historical[10] ?? 0);
  const technology = felicaCardNames.has(cardName) ? 'felica' : standards.get(historical[8] ?? 0);
  return technology === undefined ? other : { kind: 'storage', technology, cardName };
}

/**
 * Type B has always eight: application data (4), protocol information (3), and MBLI in the upper half of the last.
 * Type A carries the historical bytes of its ATS, of any number; eight of them that look the same are taken for type B,
 * which refuses a card rather than trusting an identifier that may be random.
 */
function isTypeB(historical: Uint8Array): boolean {
  if (historical.length !== 8) return false;
  const protocolType = (historical[5] ?? 0) & 0x0f;
  return (protocolType & 0x09) === 0x01 && ((historical[7] ?? 0) & 0x0f) === 0;
}
