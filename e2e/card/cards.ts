import type { CardKind } from './virtual-card.ts';

/** Bytes of hexadecimal digits. */
function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** Answers to reset that readers make up, byte for byte (PC/SC part 3, 3.1.3.2.3). */
export const atrs = {
  mifareClassic1k: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A'),
  mifareUltralight: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 03 00 00 00 00 68'),
  felica: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 11 00 3B 00 00 00 00 42'),
  /** ISO 14443-4 type A with the one historical byte 80: DESFire. */
  desfire: bytes('3B 81 80 01 80 80'),
  /** ISO 14443-4 type B: application data 00000000, protocol information 0081 81 (type 1), MBLI 0. */
  typeB: bytes('3B 88 80 01 00 00 00 00 33 81 81 00 3A'),
  /** A contact card. */
  contact: bytes('3B 65 00 00 20 63 CB 68 00'),
};

const ok = [0x90, 0x00];
const notSupported = Uint8Array.of(0x6d, 0x00);

function isGetIdentifier(command: Uint8Array): boolean {
  return command[0] === 0xff && command[1] === 0xca && command[2] === 0x00;
}

/** Answers GET DATA with what `reply` gives, anything else with 6D00. */
function answering(atr: Uint8Array, reply: () => ReturnType<CardKind['answer']>): CardKind {
  return { atr, answer: (command) => (isGetIdentifier(command) ? reply() : notSupported) };
}

/** ISO 14443-A with a UID of 4, 7 or 10 bytes. */
export function iso14443a(uid: string): CardKind {
  const atr = uid.length === 8 ? atrs.mifareClassic1k : atrs.mifareUltralight;
  return answering(atr, () => Uint8Array.of(...bytes(uid), ...ok));
}
