import { randomFillSync } from 'node:crypto';

/** Fresh random bytes, fetched for many at a time: each is handed out once. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** UUID version 7 (RFC 9562 5.7): ordered by time, so that indexes stay local. Its 16 bytes are written from this place on. */
export const writeUuid = (now: Date, to: Uint8Array, at: number): void => {
  if (used + 10 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const time = now.getTime();
  const high = Math.floor(time / 2 ** 16);
  for (let place = 0; place < 4; place += 1) to[at + place] = high >>> (24 - 8 * place);
  to[at + 4] = time >>> 8;
  to[at + 5] = time;
  for (let place = 6; place < 16; place += 1) to[at + place] = pool[used + place - 6] as number;
  to[at + 6] = ((to[at + 6] as number) & 0x0f) | 0x70;
  to[at + 8] = ((to[at + 8] as number) & 0x3f) | 0x80;
  used += 10;
};

const bytes = Buffer.alloc(16);

export const createUuid = (now: Date): string => {
  writeUuid(now, bytes, 0);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** The time in a UUID of version 7. */
export const timeOf = (uuid: string): Date => new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16));

/** No UUID of version 7 that was made at this time or later is lower. */
export const lowestUuidAt = (at: Date): string => {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};
