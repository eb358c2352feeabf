import { useEffect, useRef, useState } from 'react';
import type { Failure, Result } from '#contract/errors.ts';
import type { Reply, Request } from '../api.ts';
import type { ConsoleRoute } from './routes.ts';
import type { What } from './stream.ts';
import { useConsole } from './use-console.ts';
import { type Data, type Loaded, useData } from './use-data.ts';

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
type SortOf<Name extends ListRoute> = Extract<
  Request<Name> extends { readonly query: { readonly sort?: infer Sort } } ? Sort : never,
  string
>;

/** What every such answer ends with. The compiler does not see it in a row that is not known yet. */
const endOf = (answer: unknown): { readonly next: string | null; readonly total: number } =>
  answer as { readonly next: string | null; readonly total: number };

/** Of these a page of the console shows at once. */
const shownAtOnce = 50;
/** And of these the server gives at once, as every such row of the contract allows: to a file, and where several pages are asked for again. */
const mostAtOnce = 100;
/** In a busy hospital there is something new every moment. */
const live = { spacing: 1000 };

export interface Listing<Item, Answer> {
  /** The first page as the server last gave it, with what else it says. */
  readonly loaded: Loaded<Answer>;
  /** Of all pages that were asked for. One that moved while they were fetched may stand on two of them. */
  readonly items: readonly Item[];
  readonly total: number;
  /** Asks for the next page, or again for what could not be fetched; undefined where all of it is there. */
  readonly more: (() => void) | undefined;
  /** All pages are open, but what changed in them could not be fetched. */
  readonly isOutdated: boolean;
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** A page of what the filter lets through, for a file: in an order of its own, however the list is sorted. */
  readonly fetch: (
    after: string | null,
  ) => Promise<Result<{ readonly items: readonly Item[]; readonly next: string | null }>>;
}

export interface ToList<Name extends ListRoute, Item> {
  readonly name: Name;
  /** Search, sort, order and whatever else the row can be narrowed by; what is empty is left out. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /**
   * A sort by which a thing stays where it is: by one that moves while a file is fetched page by page, such as when it was
   * changed last, the file would leave things out.
   */
  readonly steady: SortOf<Name>;
  readonly changes: readonly What[];
  readonly itemsOf: (answer: ListAnswer<Name>) => readonly Item[];
}

/** A first page with those that somebody asked for behind it. */
interface Whole<Item, Answer> {
  readonly key: string;
  readonly first: Answer;
  readonly behind: readonly Item[];
  readonly next: string | null;
}

/**
 * A list that the server searches, sorts and gives page by page: the first page as it changes, further ones on request
 * behind it. Where it changes they are asked for again, and what is shown stays until all of them are there.
 */
export const useListing = <Name extends ListRoute, Item>({
  name,
  query,
  steady,
  changes,
  itemsOf,
}: ToList<Name, Item>): Listing<Item, ListAnswer<Name>> => {
  const { api } = useConsole();
  const key = JSON.stringify(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
  const request = (limit: number, after: string | null, sort?: string): Request<Name> =>
    ({
      query: {
        ...Object.fromEntries(JSON.parse(key) as [string, string][]),
        ...(sort === undefined ? {} : { sort, order: undefined }),
        limit,
        ...(after === null ? {} : { after }),
      },
    }) as unknown as Request<Name>;
  const first = useData(name, request(shownAtOnce, null), changes, live);
  const data = first.data as Data<ListAnswer<Name>>;
  const begins = first.isCurrent && data.kind === 'ready' ? data.value : undefined;
  /** How many somebody wants to see behind the first page. */
  const [wanted, setWanted] = useState({ key, behind: 0 });
  const [fetched, setFetched] = useState<Whole<Item, ListAnswer<Name>>>();
  const [failed, setFailed] = useState<{ readonly first: ListAnswer<Name>; readonly failure: Failure }>();
  const [filling, setFilling] = useState(false);
  /** What failed while all pages were open is asked for again. */
  const [again, setAgain] = useState(false);
  /** Somebody pressed for it, and it is not on its way yet. */
  const pressed = useRef(false);
  const current = useRef(key);
  current.current = key;
  useEffect(() => {
    setWanted({ key, behind: 0 });
    setFetched(undefined);
    setFailed(undefined);
    setAgain(false);
  }, [key]);

  const behind = wanted.key === key ? wanted.behind : 0;
  const whole = behind > 0 && fetched?.key === key ? fetched : undefined;
  const have = whole?.behind.length ?? 0;
  const failure = failed !== undefined && failed.first === begins ? failed.failure : undefined;
  const isOwed =
    begins !== undefined &&
    behind > 0 &&
    failure === undefined &&
    (whole?.first !== begins || (have < behind && whole?.next !== null));

  const ask = async (page: Request<Name>, unasked: boolean) => {
    const reply = await api.call(name, page, unasked);
    if (!reply.ok) return reply;
    const answer = reply.value as ListAnswer<Name>;
    return { ok: true, value: { items: itemsOf(answer), next: endOf(answer).next } } as const;
  };
  /** Goes to its end where another first page comes meanwhile: else a list that changes all the time never gets there. */
  const fill = async (from: ListAnswer<Name>): Promise<void> => {
    setFilling(true);
    const unasked = !pressed.current;
    pressed.current = false;
    let reached: Whole<Item, ListAnswer<Name>> = whole !== undefined && whole.first === from
      ? whole
      : { key, first: from, behind: [], next: endOf(from).next };
    let refused: Failure | undefined;
    while (reached.next !== null && reached.behind.length < behind && current.current === key) {
      const limit = Math.min(mostAtOnce, behind - reached.behind.length);
      const reply = await ask(request(limit, reached.next), unasked);
      refused = reply.ok ? undefined : reply.failure;
      if (!reply.ok) break;
      const { items, next } = reply.value;
      reached = { ...reached, behind: [...reached.behind, ...items], next };
    }
    setFilling(false);
    if (current.current !== key) return;
    setAgain(false);
    if (refused === undefined) setFetched(reached);
    else setFailed({ first: from, failure: refused });
  };
  const begin = useRef(() => {});
  begin.current = () => {
    if (isOwed && !filling) void fill(begins);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: when there is something to fetch and nothing on its way
  useEffect(() => begin.current(), [isOwed, filling, begins]);

  const shown = whole?.first ?? (data.kind === 'ready' ? data.value : undefined);
  const next = whole !== undefined ? whole.next : shown === undefined ? null : endOf(shown).next;
  const isOutdated = next === null && (failure !== undefined || again);
  const busy = failure === undefined && (isOutdated || (next !== null && have < behind));
  const more = (): void => {
    if (busy) return;
    pressed.current = true;
    setFailed(undefined);
    setAgain(isOutdated);
    setWanted({ key, behind: have + shownAtOnce });
  };
  return {
    loaded: { data: whole === undefined ? data : { kind: 'ready', value: whole.first }, reload: first.reload },
    items: shown === undefined ? [] : [...itemsOf(shown), ...(whole?.behind ?? [])],
    total: shown === undefined ? 0 : endOf(shown).total,
    more: next === null && !isOutdated ? undefined : more,
    isOutdated,
    busy,
    failure,
    fetch: (after) => ask(request(mostAtOnce, after, steady), false),
  };
};
