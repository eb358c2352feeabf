import fc from 'fast-check';
import { api, type RouteName } from '#contract/api/index.ts';
import type { Row } from '#contract/api/row.ts';
import { arbitraryOf, createDraw, type Hurt, hurt, hurtsOf } from '../testing-shapes.ts';
import { type Pool, wantWords } from './pool.ts';

/** A request as it goes over the wire; printed when something is wrong with its answer, so that it can be sent again. */
export interface Sent {
  readonly call: RouteName;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Members of its parts, to be kept beside those of the answer. */
  readonly members: Readonly<Record<string, unknown>>;
}

interface Drawn {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly hurt: {
    readonly how: Hurt;
    readonly where: number;
    readonly part: 'params' | 'query' | 'headers' | 'body';
  } | null;
  readonly raw: string | null;
}

const broken = ['', '{', 'null', '[]', '{"a":1,}', '"\\ud800"', '{"a":1e999}', '\u0000', '[[[[', `${'['.repeat(9000)}`];
const nothing = fc.constant(undefined);

const drawnOf = (row: Row): fc.Arbitrary<Drawn> => {
  const part = (name: 'params' | 'query' | 'headers' | 'body') => {
    const schema = row[name];
    return schema === undefined ? nothing : arbitraryOf(schema, wantWords);
  };
  // What a directory sends is open: it looks like what it gets.
  const own = part('body');
  const isOpen = row.sender === 'directory' && row.body !== undefined;
  const answer = isOpen ? arbitraryOf(row.answer, wantWords) : nothing;
  const body = isOpen
    ? fc.tuple(own, answer).map(([one, other]) => ({ ...(other as object), ...(one as object) }))
    : own;
  const parts = (['params', 'query', 'headers', 'body'] as const).filter((name) => row[name] !== undefined);
  const harm =
    parts.length === 0
      ? fc.constant(null)
      : fc.tuple(hurtsOf, fc.constantFrom(...parts)).map(([one, at]) => ({ ...one, part: at }));
  return fc.record({
    params: part('params'),
    query: part('query'),
    headers: part('headers'),
    body,
    hurt: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: harm }),
    raw: fc.oneof({ weight: 60, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...broken) }),
  });
};

const toText = (value: unknown): string =>
  (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)).toWellFormed();
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const toSearch = (query: unknown): string =>
  new URLSearchParams(
    Object.entries(isObject(query) ? query : {}).map(([name, value]): [string, string] => [name, toText(value)]),
  ).toString();
/** Only what may stand in a header at all. */
const toHeaders = (headers: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(headers) ? headers : {})
      .map(([name, value]): [string, string] => [name, toText(value).replaceAll(/[^\x20-\x7e]/g, '?')])
      .filter(([name]) => /^[a-z-]+$/.test(name) && name !== 'constructor'),
  );

/** Makes requests for a route, the same ones for the same seed and the same values that were known before. */
export const createRequests = (name: RouteName, seed: number, pool: Pool) => {
  const row: Row = api[name];
  const draw = createDraw(drawnOf(row), seed);
  const type = row.sender === 'directory' ? 'application/scim+json' : 'application/json';
  return (senders: readonly string[], change: (parts: { body: unknown }) => void): Sent => {
    const { raw, hurt: harm, ...drawn } = draw();
    const parts = pool.fill(drawn, senders) as Record<'params' | 'query' | 'headers' | 'body', unknown>;
    change(parts);
    if (harm !== null) parts[harm.part] = hurt(parts[harm.part], harm.how, harm.where);
    const params = isObject(parts.params) ? (parts.params as Record<string, unknown>) : {};
    const path = row.path.replaceAll(/:([a-z]+)/gi, (_, key: string) =>
      encodeURIComponent(toText(params[key]).slice(0, 3000)),
    );
    const search = toSearch(parts.query);
    const takesBody = row.method === 'POST' || row.body !== undefined;
    return {
      call: name,
      method: row.method,
      path: search === '' ? path : `${path}?${search}`,
      headers: { ...(takesBody ? { 'content-type': type } : {}), ...toHeaders(parts.headers) },
      body: takesBody ? (raw ?? JSON.stringify(parts.body ?? {})) : undefined,
      members: { ...params, ...(isObject(parts.body) ? parts.body : {}) },
    };
  };
};
