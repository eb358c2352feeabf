import type { ProofAlgorithm } from '#contract/card.ts';
import { chained } from './apdu.ts';
import { fromHex } from './bytes.ts';
import { encodeDataObject, findValue, parseDataObjects } from './tlv.ts';

/** SELECT of the PIV card application by its whole identifier (SP 800-73-5 part 2, 3.1.1; part 1, 2.2). */
export const selectPiv: Uint8Array = fromHex('00 A4 04 00 0B A0 00 00 03 08 00 00 10 00 01 00 00');

/** GET DATA for the X.509 certificate for card authentication, which anybody may read (part 1, table 3: 5FC101). */
export const getCardCertificate: Uint8Array = fromHex('00 CB 3F FF 05 5C 03 5F C1 01 00');

/** Whether the answer to SELECT is a PIV card's: its application property template (part 2, table 3). */
export function isPivAnswer(data: Uint8Array): boolean {
  return parseDataObjects(data)?.[0]?.tag === 0x61;
}

/** As a card holds it: DER, or the same compressed by gzip (part 1, 3.1 and appendix A). */
export interface CardCertificate {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/** Out of `53 L { 70 certificate, 71 information, FE }`. Undefined when it is something else or was cut. */
export function parseCardCertificate(data: Uint8Array): CardCertificate | undefined {
  const [object, ...others] = parseDataObjects(data) ?? [];
  if (object?.tag !== 0x53 || others.length > 0) return undefined;
  const inside = parseDataObjects(object.value) ?? [];
  const bytes = findValue(inside, 0x70);
  const information = findValue(inside, 0x71)?.[0] ?? 0x00;
  if (bytes === undefined || bytes.length === 0 || information > 0x01) return undefined;
  return { bytes, isCompressed: information === 0x01 };
}

/** Algorithm identifiers (SP 800-78-5, table 9). */
const identifiers: Readonly<Record<ProofAlgorithm, number>> = { 'rsa-2048': 0x07, 'ecc-p256': 0x11, 'ecc-p384': 0x14 };

const cardAuthenticationKey = 0x9e;

/** GENERAL AUTHENTICATE by the card authentication key (part 2, 3.2.4 and A.4): the commands of a chain. */
export function authenticate(algorithm: ProofAlgorithm, block: Uint8Array): Uint8Array[] {
  const request = Uint8Array.of(...encodeDataObject(0x82, new Uint8Array()), ...encodeDataObject(0x81, block));
  const template = encodeDataObject(0x7c, request);
  return chained([0x00, 0x87, identifiers[algorithm], cardAuthenticationKey], template);
}

/** The signature out of `7C L { 82 L signature }`; undefined when it is something else or was cut. */
export function parseAuthentication(data: Uint8Array): Uint8Array | undefined {
  const [template, ...others] = parseDataObjects(data) ?? [];
  if (template?.tag !== 0x7c || others.length > 0) return undefined;
  const signature = findValue(parseDataObjects(template.value) ?? [], 0x82);
  return signature === undefined || signature.length === 0 ? undefined : signature;
}
