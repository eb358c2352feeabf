import { z } from 'zod';
import { instant, personId } from '#contract/ids.ts';
import type { Place } from './store/people-list.ts';

/** As `toISOString` writes it: other forms name times that PostgreSQL does not know, such as the year 0. */
const writtenTime = instant.refine((text) => !text.startsWith('0000') && new Date(text).toISOString() === text);
const place = z.tuple([writtenTime, z.string().max(60), personId, z.string().max(80)]);

/** The end of a page, as a text that means nothing to who carries it. */
export const writeCursor = ({ changedAt, number, id, kana }: Place): string =>
  Buffer.from(JSON.stringify([changedAt, number, id, kana])).toString('base64url');

/** Undefined: nothing that `writeCursor` made. */
export const tryReadCursor = (cursor: string): Place | undefined => {
  try {
    const parsed = place.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (!parsed.success || `${parsed.data[1]}${parsed.data[3]}`.includes('\0')) return undefined;
    const [changedAt, number, id, kana] = parsed.data;
    return { changedAt, number, id, kana };
  } catch {
    return undefined;
  }
};
