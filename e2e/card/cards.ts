import type { CardKind } from './virtual-card.ts';

/** Bytes of hexadecimal digits. */
export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** Answers to reset that readers make up, byte for byte (PC/SC part 3, 3.1.3.2.3; ACR122U API, 3). */
export const atrs = {
  mifareClassic1k: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 01 00 00 00 00 6A'),
  mifareUltralight: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 00 03 00 00 00 00 68'),
  felica: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 11 00 3B 00 00 00 00 42'),
  /** ACS readers: FeliCa at 212 kbit/s under the standard byte of ISO 14443-A. */
  felicaAcs: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 03 F0 11 00 00 00 00 8A'),
  iso15693: bytes('3B 8F 80 01 80 4F 0C A0 00 00 03 06 0B 00 14 00 00 00 00 77'),
  /** ISO 14443-4 type A with the one historical byte 80: DESFire. */
  desfire: bytes('3B 81 80 01 80 80'),
  /** ISO 14443-4 type B: application data 00000000, protocol information 33 81 81, no MBLI. */
  typeB: bytes('3B 88 80 01 00 00 00 00 33 81 81 00 3A'),
  /** A contact card. */
  contact: bytes('3B 65 00 00 20 63 CB 68 00'),
} as const;

type Answer = ReturnType<CardKind['answer']>;

const ok = [0x90, 0x00];
const notSupported = bytes('6D 00');

/** GET DATA for the identifier: FF CA 00 00, and the expected length. */
function isGetIdentifier(command: Uint8Array): boolean {
  return Buffer.from(command.subarray(0, 4)).toString('hex') === 'ffca0000';
}

/** Answers the question for the identifier with `reply`, anything else with 6D00. */
function answering(atr: Uint8Array, reply: (command: Uint8Array) => Answer): CardKind {
  return { atr, answer: (command) => (isGetIdentifier(command) ? reply(command) : notSupported) };
}

/** A card that gives these bytes and 9000. */
export function identified(atr: Uint8Array, identifier: string): CardKind {
  return answering(atr, () => Uint8Array.of(...bytes(identifier), ...ok));
}

/** ISO 14443-A memory card with a UID of 4, 7 or 10 bytes. */
export function iso14443a(uid: string): CardKind {
  return identified(uid.length === 8 ? atrs.mifareClassic1k : atrs.mifareUltralight, uid);
}

/** A phone or a card in privacy mode: 08 and three bytes that change at each power-on. */
export function randomUid(): CardKind {
  let count = 0;
  return {
    ...answering(atrs.desfire, () => Uint8Array.of(0x08, 0x11, 0x22, count & 0xff, ...ok)),
    powered: () => {
      count += 1;
    },
  };
}

/** ISO 14443-B: a pseudo-unique identifier of four bytes. */
export function typeB(pupi: string): CardKind {
  return identified(atrs.typeB, pupi);
}

/** FeliCa with one IDm for each of its systems; the first is the one that polling FFFF finds. */
export function felica(systems: Readonly<Record<string, string>>): CardKind {
  const first = Object.values(systems)[0] ?? '';
  return {
    atr: atrs.felica,
    answer(command) {
      const hex = Buffer.from(command).toString('hex').toUpperCase();
      if (isGetIdentifier(command)) return Uint8Array.of(...bytes(first), ...ok);
      if (/^FFC20000028[12]00$/.test(hex) || hex === 'FFC20002048F020300') return bytes('C0 03 00 90 00 90 00');
      // Exchange with the polling frame 06 00 system 01 00 after a time limit of four bytes.
      const polled = /^FFC200010F5F4604.{8}95060600(.{4})010000$/.exec(hex)?.[1] ?? '';
      const idm = systems[polled];
      // The reader reports that no card answered in time: 64 01 in the error object.
      if (idm === undefined) return bytes('C0 03 01 64 01 90 00');
      return bytes(`C0 03 00 90 00 92 01 00 96 02 00 00 97 14 14 01 ${idm} 01 32 42 82 47 45 9A FF ${polled} 90 00`);
    },
  };
}

/** The reader sees that something is there, and it does not answer to a reset. */
export const mute: CardKind = { atr: new Uint8Array(), answer: () => notSupported };

/** Answers after a while. */
export function slow(uid: string, milliseconds: number): CardKind {
  return answering(atrs.mifareUltralight, async () => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return Uint8Array.of(...bytes(uid), ...ok);
  });
}

/** Never answers; the reader waits. */
export const hanging: CardKind = answering(atrs.mifareUltralight, () => undefined);

/** Torn out of the field while it was being read. */
export const pulledWhileRead: CardKind = answering(atrs.mifareUltralight, () => 'pull');

/** Answers with no bytes at all, as vpcd does for a card that has left. */
export const empty: CardKind = answering(atrs.mifareUltralight, () => new Uint8Array());

/** Announces more data for ever. */
export const endless: CardKind = { atr: atrs.mifareUltralight, answer: () => bytes('61 10') };

/** Sixty thousand bytes for a question about seven. */
export const veryLong: CardKind = answering(atrs.mifareUltralight, () => {
  const reply = new Uint8Array(60_002).fill(0xab);
  reply.set(ok, 60_000);
  return reply;
});

/** Gives its UID only when asked for the exact length. */
export function wrongLengthFirst(uid: string): CardKind {
  const identifier = bytes(uid);
  return answering(atrs.mifareUltralight, (command) =>
    command[4] === identifier.length ? Uint8Array.of(...identifier, ...ok) : Uint8Array.of(0x6c, identifier.length),
  );
}

/** Answers with a status word and nothing else. */
export function refusing(status: string): CardKind {
  return answering(atrs.mifareUltralight, () => bytes(status));
}
