import { fromHex, toHex } from './bytes.ts';
import { findValue, parseDataObjects } from './tlv.ts';

/** Polling for one system, asking for its code (JIS X 6319-4; FeliCa Card User's Manual, 4.4.2). Length byte first. */
export function pollingFrame(systemCode: string): Uint8Array {
  return fromHex(`06 00 ${systemCode} 01 00`);
}

/**
 * IDm of the answer to polling: length, 01, IDm (8), PMm (8), system code (2).
 * Undefined when it is another answer, or another system than asked for has answered.
 */
export function parsePollingAnswer(frame: Uint8Array, systemCode: string): Uint8Array | undefined {
  if (frame.length !== 20 || frame[0] !== 20 || frame[1] !== 0x01) return undefined;
  if (toHex(frame.slice(18)) !== systemCode) return undefined;
  return frame.slice(2, 10);
}

/** Transparent session of PC/SC part 3 (amendment 1, 3.2.2.3): the reader hands frames to the card as they are. */
export const transparent = {
  start: fromHex('FF C2 00 00 02 81 00'),
  end: fromHex('FF C2 00 00 02 82 00'),
  /** Switch to FeliCa, layer 3. */
  felica: fromHex('FF C2 00 02 04 8F 02 03 00'),
  /** With a time limit for the card's answer in microseconds. */
  exchange(frame: Uint8Array, microseconds: number): Uint8Array {
    const limit = [0, 8, 16, 24].map((shift) => (microseconds >>> shift) & 0xff);
    const body = [0x5f, 0x46, 0x04, ...limit, 0x95, frame.length, ...frame];
    return Uint8Array.of(0xff, 0xc2, 0x00, 0x01, body.length, ...body, 0x00);
  },
  /** The card's frame out of `C0 03 00 90 00 | 92 .. | 96 .. | 97 LL frame`. */
  parseAnswer(data: Uint8Array): Uint8Array | undefined {
    const objects = parseDataObjects(data);
    return objects && findValue(objects, 0x97);
  },
};

/** Readers with an NXP PN53x inside (ACS ACR122): InListPassiveTarget at 212 kbit/s (PN532 manual, 7.3.5). */
export const pn53x = {
  poll(systemCode: string): Uint8Array {
    return fromHex(`FF 00 00 00 09 D4 4A 01 01 00 ${systemCode} 01 00`);
  },
  /** The answer to polling out of `D5 4B 01 01` and the card's frame. */
  parseAnswer(data: Uint8Array): Uint8Array | undefined {
    return toHex(data.slice(0, 4)) === 'D54B0101' ? data.slice(4) : undefined;
  },
};
