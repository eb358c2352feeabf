import { utf8ToBytes } from '@noble/hashes/utils.js';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Int16Array(256).fill(-1);
for (let value = 0; value < digits.length; value += 1) values[digits.charCodeAt(value)] = value;
const equals = 0x3d;

/** Standard base64 with padding (RFC 4648 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let place = 0; place < bytes.length; place += 3) {
    const [one = 0, two, three] = [bytes[place], bytes[place + 1], bytes[place + 2]];
    const bits = (one << 16) | ((two ?? 0) << 8) | (three ?? 0);
    const digit = (shift: number): string => digits.charAt((bits >> shift) & 63);
    text += digit(18) + digit(12) + (two === undefined ? '=' : digit(6)) + (three === undefined ? '=' : digit(0));
  }
  return text;
}

/** The bytes that have exactly this text in ASCII, from `begin` to below `end`; undefined where there are none. */
export function tryDecodeBase64(text: Uint8Array, begin = 0, end = text.length): Uint8Array | undefined {
  if ((end - begin) % 4 !== 0 || end > text.length) return undefined;
  let last = end;
  while (last > begin && end - last < 2 && text[last - 1] === equals) last -= 1;
  const bytes = new Uint8Array(((end - begin) / 4) * 3 - (end - last));
  let bits = 0;
  let held = 0;
  let place = 0;
  for (let index = begin; index < last; index += 1) {
    const value = values[text[index] as number] as number;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[place++] = (bits >> held) & 0xff;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

/** The same for a text. */
export const tryFromBase64 = (text: string): Uint8Array | undefined => tryDecodeBase64(utf8ToBytes(text));
