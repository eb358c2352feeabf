import { createRandom, type Random } from '#e2e/faults/random.ts';

/** Numbers, identifiers and codes that follow from a seed. */
export interface Draw extends Random {
  /** UUID version 7 of this moment. */
  uuid(at: number): string;
  chance(share: number): boolean;
  /** As likely half of `middle` as twice of it. */
  around(middle: number, spread?: number): number;
  hex(digits: number): string;
  supportCode(): string;
}

const unmistakable = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const bytes = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

export const createDraw = (seed: number, name: string): Draw => {
  const random = createRandom(seed, name);
  const byte = (): string => bytes[Math.floor(random.next() * 256)] ?? '00';
  const hex = (digits: number): string => {
    let text = '';
    while (text.length < digits) text += byte();
    return text.slice(0, digits);
  };
  return {
    ...random,
    hex,
    uuid(at) {
      const time = Math.floor(at).toString(16).padStart(12, '0');
      const variant = '89ab'[Math.floor(random.next() * 4)];
      return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
    },
    chance: (share) => random.next() < share,
    around: (middle, spread = 0.5) =>
      // Three dice are nearly a bell; the exponent of it is what waiting and typing look like.
      middle * Math.exp((random.next() + random.next() + random.next() - 1.5) * 2 * spread),
    supportCode() {
      let text = '';
      for (let place = 0; place < 9; place += 1) {
        if (place === 3 || place === 6) text += '-';
        text += unmistakable[Math.floor(random.next() * unmistakable.length)];
      }
      return text;
    },
  };
};
