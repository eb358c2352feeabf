import { fromHex } from './bytes.ts';

/** Answer to a command: the data and the status word SW1 SW2 (ISO/IEC 7816-4, 5.1.3). */
export interface Reply {
  readonly data: Uint8Array;
  readonly status: number;
}

/**
 * GET DATA for the UID, PUPI or IDm of a contactless card (PC/SC part 3, 3.2.2.1.3).
 * The reader answers it, not the card.
 */
export const getIdentifier: Uint8Array = fromHex('FF CA 00 00 00');

/** The same with an exact expected length, asked for by `6Cxx`. */
export function getIdentifierOf(length: number): Uint8Array {
  return Uint8Array.of(0xff, 0xca, 0x00, 0x00, length & 0xff);
}

/** GET RESPONSE, asked for by `61xx` (ISO/IEC 7816-4, 7.6.1). */
export function getResponse(length: number): Uint8Array {
  return Uint8Array.of(0x00, 0xc0, 0x00, 0x00, length & 0xff);
}

/** Undefined when there is no status word: a reply shorter than two bytes means that the card was lost. */
export function parseReply(bytes: Uint8Array): Reply | undefined {
  const sw1 = bytes[bytes.length - 2];
  const sw2 = bytes[bytes.length - 1];
  if (sw1 === undefined || sw2 === undefined) return undefined;
  return { data: bytes.slice(0, -2), status: sw1 * 0x100 + sw2 };
}

export const success = 0x9000;

/** Most data that a short command carries (ISO/IEC 7816-4, 5.1). */
const longestData = 255;

/**
 * A command with data of any length, as the commands of a chain (ISO/IEC 7816-4, 5.3.3): bit 5 of the class stands for
 * "more follows". Each expects as much as a short answer brings.
 */
export function chained(header: readonly [cla: number, ins: number, p1: number, p2: number], data: Uint8Array) {
  const [cla, ...rest] = header;
  const commands: Uint8Array[] = [];
  let at = 0;
  for (; data.length - at > longestData; at += longestData) {
    commands.push(Uint8Array.of(cla | 0x10, ...rest, longestData, ...data.subarray(at, at + longestData)));
  }
  const last = data.subarray(at);
  commands.push(Uint8Array.of(cla, ...rest, last.length, ...last, 0x00));
  return commands;
}

/** The same command with another expected length, which is its last byte. */
export function expecting(command: Uint8Array, length: number): Uint8Array {
  return Uint8Array.of(...command.subarray(0, -1), length & 0xff);
}

/** `6Cxx`: wrong length, xx is the right one. */
export function rightLength(status: number): number | undefined {
  return status >> 8 === 0x6c ? status & 0xff : undefined;
}

/** `61xx`: xx more bytes can be fetched. */
export function bytesWaiting(status: number): number | undefined {
  return status >> 8 === 0x61 ? status & 0xff : undefined;
}
