import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure, Result } from '#contract/errors.ts';
import type { Reply, Request } from '../api.ts';
import type { ConsoleRoute } from './routes.ts';
import type { What } from './stream.ts';
import { useConsole } from './use-console.ts';
import { type Loaded, useData } from './use-data.ts';

/** Rows of the contract that answer pages of a list (`listingEnd`). */
type ListRoute = {
  [Name in ConsoleRoute]: Extract<Reply<Name>, { ok: true }>['value'] extends {
    readonly next: string | null;
    readonly total: number;
  }
    ? Name
    : never;
}[ConsoleRoute];
type ListAnswer<Name extends ListRoute> = Extract<Reply<Name>, { ok: true }>['value'];

/** What every such answer ends with. The compiler does not see it in a row that is not known yet. */
const endOf = (answer: unknown): { readonly next: string | null; readonly total: number } =>
  answer as { readonly next: string | null; readonly total: number };

/** Of these a page of the console shows at once. */
const shownAtOnce = 50;
/** And of these a file asks at once: what every such row of the contract allows. */
const savedAtOnce = 100;

export interface Listing<Item, Answer> {
  /** The first page as the server last gave it, with what else it says. */
  readonly loaded: Loaded<Answer>;
  /** Of all pages that were asked for. */
  readonly items: readonly Item[];
  readonly total: number;
  /** Asks for the next page; undefined on the last one. */
  readonly more: (() => void) | undefined;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** A page of what the filter lets through, for a file. */
  readonly fetch: (
    after: string | null,
  ) => Promise<Result<{ readonly items: readonly Item[]; readonly next: string | null }>>;
}

export interface ToList<Name extends ListRoute, Item> {
  readonly name: Name;
  /** Search, sort, order and whatever else the row can be narrowed by; what is empty is left out. */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly changes: readonly What[];
  readonly itemsOf: (answer: ListAnswer<Name>) => readonly Item[];
}

/** A list that the server searches, sorts and gives page by page: the first page as it changes, further ones on request behind it. */
export const useListing = <Name extends ListRoute, Item>({
  name,
  query,
  changes,
  itemsOf,
}: ToList<Name, Item>): Listing<Item, ListAnswer<Name>> => {
  const { api } = useConsole();
  const key = JSON.stringify(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
  const request = useCallback(
    (limit: number, after: string | null): Request<Name> =>
      ({
        query: {
          ...Object.fromEntries(JSON.parse(key) as [string, string][]),
          limit,
          ...(after === null ? {} : { after }),
        },
      }) as unknown as Request<Name>,
    [key],
  );
  const first = useData(name, request(shownAtOnce, null), changes);
  const begins = first.data.kind === 'ready' ? (first.data.value as ListAnswer<Name>) : undefined;
  const [further, setFurther] = useState<{ readonly items: readonly Item[]; readonly next: string | null }>();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  // Another first page: what came behind the old one may be on it now.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new first page
  useEffect(() => {
    setFurther(undefined);
    setFailure(undefined);
  }, [begins]);
  const current = useRef(begins);
  current.current = begins;
  const ask = useCallback(
    async (limit: number, after: string | null) => {
      const reply = await api.call(name, request(limit, after));
      if (!reply.ok) return reply;
      const answer = reply.value as ListAnswer<Name>;
      return { ok: true, value: { items: itemsOf(answer), next: endOf(answer).next } } as const;
    },
    [api, name, request, itemsOf],
  );
  const next = further === undefined ? (begins === undefined ? null : endOf(begins).next) : further.next;
  const more = async (): Promise<void> => {
    if (next === null || busy) return;
    setBusy(true);
    const reply = await ask(shownAtOnce, next);
    setBusy(false);
    // Another list came meanwhile: what was asked for follows on the old one.
    if (current.current !== begins) return;
    setFailure(reply.ok ? undefined : reply.failure);
    if (reply.ok) setFurther({ items: [...(further?.items ?? []), ...reply.value.items], next: reply.value.next });
  };
  return {
    loaded: first as Loaded<ListAnswer<Name>>,
    items: begins === undefined ? [] : [...itemsOf(begins), ...(further?.items ?? [])],
    total: begins === undefined ? 0 : endOf(begins).total,
    more: next === null ? undefined : () => void more(),
    busy,
    failure,
    fetch: (after) => ask(savedAtOnce, after),
  };
};
