import { foldForSearch, nameVariants } from '#core/policy/text.ts';
import type { Transaction } from './database.ts';

type KeyType = 'text' | 'bigint' | 'uuid';

/** What a list is sorted by: an expression over its columns that is never null. */
interface Key {
  readonly by: string;
  readonly type: KeyType;
  /** The highest come first, unless the other order is asked for. */
  readonly falls?: true;
}

/** A list that is searched, sorted and read page by page. */
export interface Listing<Sort extends string> {
  /** A query, its own values from `$1` on; the expressions below are over its columns. */
  readonly rows: string;
  readonly sorts: Readonly<Record<Sort, Key>>;
  /** Where nothing else is asked for. */
  readonly usual: Sort;
  /** Decides between those that are alike, to the last: no two rows have the same. */
  readonly ties: readonly Key[];
  /** The text that is searched, folded. */
  readonly search: string;
}

export interface ListingAsked<Sort extends string> {
  readonly search?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly order?: 'rising' | 'falling' | undefined;
  readonly after?: string | undefined;
  /** All of them where it is left out. */
  readonly limit?: number | undefined;
}

export interface Listed<Row> {
  readonly rows: Row[];
  readonly next: string | null;
  readonly total: number;
}

const hiragana = Array.from({ length: 0x3096 - 0x3041 + 1 }, (_, index) => String.fromCodePoint(0x3041 + index)).join(
  '',
);
const katakana = Array.from(hiragana, (kana) => String.fromCodePoint((kana.codePointAt(0) ?? 0) + 0x60)).join('');

/** `foldForSearch` of a text, by the database. */
export const folded = (text: string): string => {
  const { from, to } = nameVariants;
  const plain = `translate(lower(normalize(${text}, NFKC)), '${hiragana}${from}', '${katakana}${to}')`;
  return `regexp_replace(${plain}, '[\\s\\uFE00-\\uFE0F\\U000E0100-\\U000E01EF]', '', 'g')`;
};

/** A time as a key; those that have none come before all others. */
export const timeKey = (time: string): string => `coalesce((extract(epoch from ${time}) * 1000000)::bigint, -1)`;

/** Where a page ended: sort, order, and the keys of its last row. */
type Cursor = readonly [sort: string, order: string, ...keys: string[]];

const forms: Readonly<Record<KeyType, RegExp>> = {
  // PostgreSQL holds no U+0000, and no half of a surrogate pair.
  text: /^[^\0]*$/,
  bigint: /^-?\d{1,18}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
};

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** The keys in a cursor of this sort and order; undefined for anything else. */
const tryReadCursor = (text: string, sort: string, order: string, keys: readonly Key[]): string[] | undefined => {
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(read) || read.length !== keys.length + 2 || read[0] !== sort || read[1] !== order)
      return undefined;
    const values: unknown[] = read.slice(2);
    const fits = values.every(
      (value, index) =>
        typeof value === 'string' && value.isWellFormed() && forms[keys[index]?.type ?? 'uuid'].test(value),
    );
    return fits ? (values as string[]) : undefined;
  } catch {
    return undefined;
  }
};

/** Those behind the last row of the page before, whichever way each key runs. */
const behind = (keys: readonly Key[], place: (index: number) => string): string => {
  const alternatives = keys.map((key, index) => {
    const same = keys.slice(0, index).map((one, before) => `${one.by} = ${place(before)}`);
    return `(${[...same, `${key.by} ${key.falls ? '<' : '>'} ${place(index)}`].join(' and ')})`;
  });
  return `(${alternatives.join(' or ')})`;
};

/**
 * A page of a list: `where` narrows it further, its values follow on those of `rows`. A page begins behind the last row of
 * the one before by all keys, so none is left out or comes twice however long somebody reads. Undefined: `after` is no end
 * of a page of this search and order.
 */
export const readListing = async <Row, Sort extends string>(
  tx: Transaction,
  listing: Listing<Sort>,
  { values, where = [] }: { readonly values: readonly unknown[]; readonly where?: readonly string[] },
  asked: ListingAsked<Sort>,
): Promise<Listed<Row> | undefined> => {
  const sort = asked.sort ?? listing.usual;
  const first = listing.sorts[sort];
  const order = asked.order ?? (first.falls ? 'falling' : 'rising');
  const { falls: _, ...rising } = first;
  const keys: readonly Key[] = [order === 'falling' ? { ...rising, falls: true } : rising, ...listing.ties];
  const given = [...values];
  const conditions = [...where];
  const search = foldForSearch(asked.search ?? '');
  if (search !== '') conditions.push(`position($${given.push(search)} in ${listing.search}) > 0`);
  const among = (more: readonly string[]): string => {
    const all = [...conditions, ...more];
    return `from (${listing.rows}) listed${all.length === 0 ? '' : ` where ${all.join(' and ')}`}`;
  };
  const [counted] = await tx.query<{ total: number }>(`select count(*)::int as total ${among([])}`, given);
  const total = counted?.total ?? 0;
  const more: string[] = [];
  if (asked.after !== undefined) {
    const cursor = tryReadCursor(asked.after, sort, order, keys);
    if (cursor === undefined) return undefined;
    const places = cursor.map((value, index) => `$${given.push(value)}::${keys[index]?.type}`);
    more.push(behind(keys, (index) => places[index] ?? ''));
  }
  const limit = asked.limit === undefined ? 'all' : String(Math.trunc(asked.limit) + 1);
  const rows = await tx.query<Row & { readonly listingKeys: string[] }>(
    `select listed.*, array[${keys.map(({ by }) => `(${by})::text`).join(', ')}] as "listingKeys" ${among(more)}
      order by ${keys.map(({ by, falls }) => `${by}${falls ? ' desc' : ''}`).join(', ')} limit ${limit}`,
    given,
  );
  const page = asked.limit === undefined ? rows : rows.slice(0, asked.limit);
  const last = rows.length > page.length ? page.at(-1) : undefined;
  return {
    rows: page.map(({ listingKeys: _, ...row }) => row as Row),
    next: last === undefined ? null : writeCursor([sort, order, ...last.listingKeys]),
    total,
  };
};
