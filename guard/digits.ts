import { timingSafeEqual } from 'node:crypto';

/** What was typed at the keypad. It lives in these two buffers alone, which are overwritten when it is forgotten. */
export interface Digits {
  add(digit: string): void;
  drop(): void;
  forget(): void;
  /** Keeps what was typed as the first of two and begins anew. */
  keepFirst(): void;
  forgetFirst(): void;
  /** Whether what was typed equals the first. */
  sameAsFirst(): boolean;
  /** A copy of what was typed; the receiver wipes it. */
  toSecret(): Buffer;
  /** A JSON document with what was typed as the string member `name`; the receiver wipes it. Digits need no escape. */
  toBody(name: string, others?: Readonly<Record<string, string>>): Buffer;
}

const longest = 64;

export function createDigits(): Digits {
  const typed = Buffer.alloc(longest);
  const first = Buffer.alloc(longest);
  let length = 0;
  let firstLength = 0;

  const forget = () => {
    typed.fill(0);
    length = 0;
  };
  return {
    add(digit) {
      if (!/^[0-9]$/.test(digit)) throw new Error('not a digit');
      if (length < longest) length += typed.write(digit, length, 'latin1');
    },
    drop() {
      if (length > 0) typed[--length] = 0;
    },
    forget,
    keepFirst() {
      typed.copy(first);
      firstLength = length;
      forget();
    },
    forgetFirst() {
      first.fill(0);
      firstLength = 0;
    },
    sameAsFirst: () => length > 0 && length === firstLength && timingSafeEqual(typed, first),
    toSecret: () => Buffer.from(typed.subarray(0, length)),
    toBody(name, others = {}) {
      const before = Object.entries(others).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},`);
      const head = `{${before.join('')}${JSON.stringify(name)}:"`;
      const body = Buffer.alloc(Buffer.byteLength(head) + length + 2);
      const start = body.write(head);
      typed.copy(body, start, 0, length);
      body.write('"}', start + length);
      return body;
    },
  };
}
