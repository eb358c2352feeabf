import { randomFillSync } from 'node:crypto';

/** Fresh random bytes, fetched for many at a time: each is handed out once. */
const pool = Buffer.alloc(4096);
let used = pool.length;
const takeRandom = (count: number): Buffer => {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
};

/** UUID version 7 (RFC 9562 5.7): ordered by time, so that indexes stay local. */
export const createUuid = (now: Date): string => {
  const bytes = takeRandom(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
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
