import type { Draw } from './draw.ts';
import { type Ward, wards } from './names.ts';

export interface Place {
  readonly id: string;
  readonly name: string;
  readonly ward: Ward;
  readonly state: 'announced' | 'active' | 'revoked';
  readonly isOnline: boolean;
  /** When it was last heard of. */
  readonly seenAt: number;
  readonly enrolledAt: number;
  readonly endsAt: number;
  readonly clockOffset: number;
  readonly reader: string;
  /** A reader at which many cards are not read, or one that takes its time. */
  readonly trouble: 'none' | 'misreads' | 'slow';
}

const hour = 3_600_000;
const day = 24 * hour;
const readers = ['ACS ACR1252 Dual Reader PICC', 'Sony FeliCa RC-S300/P', 'HID Global OMNIKEY 5022 Smart Card Reader'];

/** Terminals of the wards by their sizes. A few are switched off, announced, or gone. */
export const drawPlaces = (draw: Draw, now: number, count: number): readonly Place[] => {
  const sizes = wards.reduce((sum, { size }) => sum + size, 0);
  const places: Place[] = [];
  let passed = 0;
  for (const ward of wards) {
    const first = Math.floor((passed * count) / sizes);
    passed += ward.size;
    const last = Math.floor((passed * count) / sizes);
    for (let number = 1; number <= last - first; number += 1) {
      const enrolledAt = now - draw.whole(100, 700) * day;
      const state = draw.weighted({ active: 985, announced: 5, revoked: 10 } as const);
      const isOnline = state === 'active' && draw.chance(0.955);
      places.push({
        id: draw.uuid(enrolledAt),
        name: `${ward.short}-${ward.hours === 'always' ? 'NS' : 'PC'}-${String(number).padStart(2, '0')}`,
        ward,
        state,
        isOnline,
        seenAt: isOnline ? now : now - Math.floor(draw.around(10 * hour, 2)),
        enrolledAt,
        endsAt: now + Math.floor((draw.chance(0.01) ? -0.5 : 1 + draw.next() * 6) * day),
        clockOffset: draw.chance(0.01) ? draw.whole(-40_000, 40_000) : Math.round((draw.next() - 0.5) * 120) / 2,
        reader: draw.pick(readers),
        trouble: draw.weighted({ none: 985, misreads: 8, slow: 7 } as const),
      });
    }
  }
  return places;
};
