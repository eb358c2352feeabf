import { type ReactNode, type RefObject, useEffect, useRef } from 'react';
import type { ListFilter, ListKind } from '../data/place.ts';
import type { Listing } from '../data/use-listing.ts';
import { focusSearch, goToList, useSearchField } from '../data/use-search-field.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import type { IconName } from './icon.tsx';
import { type Choosing, type Column, ListTable, type Sorting } from './list-table.tsx';
import { Empty, LoadedView } from './loaded-view.tsx';
import { FailureNotice } from './notice.tsx';
import { SaveList } from './save-list.tsx';
import { SavedFilters } from './saved-filters.tsx';

interface ListPageProps<Item, Answer> {
  readonly kind: ListKind;
  readonly caption: string;
  readonly listing: Listing<Item, Answer>;
  readonly columns: readonly Column<Item>[];
  readonly keyOf: (item: Item) => string | number;
  readonly filter: ListFilter;
  readonly sorting: Pick<Sorting, 'usual' | 'usualOrder'>;
  /** Further ways to narrow it, beside the search. */
  readonly choices?: (change: (filter: ListFilter) => void) => ReactNode;
  /** Where the page has a search field of its own, this one is left out. */
  readonly searchLabel?: string;
  readonly empty: { readonly icon: IconName; readonly title: string; readonly hint?: string };
  /** Where nothing is found: of its own, or in general. */
  readonly notFound?: { readonly title: string; readonly hint: string } | undefined;
  /** What stands above the table, such as how many are online. */
  readonly status?: (answer: Answer) => ReactNode;
  readonly actions?: ((item: Item) => ReactNode) | undefined;
  /** Rows may be chosen, and this is what may be done with those that are. */
  readonly choosing?: (Choosing<Item> & { readonly deeds: ReactNode }) | undefined;
  /** In the place of a table. */
  readonly show?: (items: readonly Item[]) => ReactNode;
}

/** A list: search, filters, order, pages and the way into a file, all by the server; and what is there where nothing is. */
export const ListPage = <Item, Answer>(props: ListPageProps<Item, Answer>): ReactNode => {
  const {
    kind,
    caption,
    listing,
    columns,
    keyOf,
    filter,
    sorting,
    choices,
    searchLabel,
    empty,
    notFound,
    status,
    actions,
    choosing,
    show,
  } = props;
  const { say, language } = useWords();
  const change = (next: ListFilter): void => goToList(kind, next);
  const { sort: _, order: __, ...narrowing } = filter;
  const items = withoutDoubles(listing.items, keyOf);
  const box = useRef<HTMLDivElement>(null);
  const { button, more } = useMore(listing, items.map(keyOf), box);
  const { data } = listing.loaded;
  const isShown = data.kind === 'ready' && items.length > 0;
  const isNarrowed = Object.values(narrowing).some((value) => value !== undefined && value !== '');
  return (
    <>
      <search className="list-filters" aria-label={say('list.filters')}>
        {searchLabel !== undefined && <Search kind={kind} label={searchLabel} filter={filter} />}
        {choices?.(change)}
        <SaveList key={JSON.stringify(filter)} name={kind} fetch={listing.fetch} columns={columns} keyOf={keyOf} />
      </search>
      {data.kind !== 'failed' && <SavedFilters place={{ kind, filter }} />}
      {choosing !== undefined && choosing.chosen.length > 0 && (
        <div className="chosen surface">
          <span role="status">{say('list.chosen', { count: choosing.chosen.length })}</span>
          {choosing.deeds}
          <Button onClick={() => choosing.choose(choosing.chosen, false)}>{say('list.choose-none')}</Button>
        </div>
      )}
      <div ref={box} className={isShown && show === undefined ? 'surface table-wrap' : undefined}>
        <div className={isShown ? 'table-head list-head' : undefined}>
          {isShown && status !== undefined && <div>{status(data.value)}</div>}
          {/* It stays, so that what comes into it is read out. */}
          <div role="status">
            {isShown &&
              say('list.count', {
                shown: items.length.toLocaleString(language),
                total: listing.total.toLocaleString(language),
              })}
            {data.kind === 'ready' &&
              !isShown &&
              (isNarrowed ? (
                <Empty icon="search" title={notFound?.title ?? say('list.not-found')}>
                  <p>{notFound?.hint ?? say('list.not-found-hint')}</p>
                  <Button
                    onClick={() => {
                      goToList(kind, {});
                      focusSearch();
                    }}
                  >
                    {say('log.clear')}
                  </Button>
                </Empty>
              ) : (
                <Empty icon={empty.icon} title={empty.title}>
                  {empty.hint !== undefined && <p>{empty.hint}</p>}
                </Empty>
              ))}
          </div>
        </div>
        <LoadedView loaded={listing.loaded}>
          {() =>
            isShown && (
              <>
                {show === undefined ? (
                  <ListTable
                    caption={caption}
                    columns={columns}
                    items={items}
                    keyOf={keyOf}
                    actions={actions}
                    choosing={choosing}
                    sorting={{ ...sorting, filter, change }}
                  />
                ) : (
                  show(items)
                )}
                {more !== undefined && (
                  <div className="table-foot">
                    <FailureNotice failure={listing.failure} />
                    <Button ref={button} busy={listing.busy} onClick={more}>
                      {say(listing.isOutdated ? 'common.try-again' : 'list.more')}
                    </Button>
                  </div>
                )}
              </>
            )
          }
        </LoadedView>
      </div>
    </>
  );
};

/** One that moved from page to page while they were fetched stands where it was found first, as it was found last. */
const withoutDoubles = <Item,>(items: readonly Item[], keyOf: (item: Item) => string | number): readonly Item[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];

interface More {
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly more: (() => void) | undefined;
}

/** The way to further rows. It takes no press while they are fetched and is gone after the last: the focus goes to the first of them. */
const useMore = (
  { more, busy, failure }: Pick<Listing<unknown, unknown>, 'more' | 'busy' | 'failure'>,
  keys: readonly (string | number)[],
  box: RefObject<HTMLElement | null>,
): More => {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef<ReadonlySet<string | number>>(undefined);
  useEffect(() => {
    const known = before.current;
    if (known === undefined || busy) return;
    before.current = undefined;
    const focused = document.activeElement;
    // Somebody went on to something else meanwhile.
    if (focused !== null && focused !== document.body && focused !== button.current) return;
    const at = keys.findLastIndex((key) => known.has(key)) + 1;
    const rows = box.current?.querySelectorAll<HTMLElement>(':scope > table > tbody > tr, :scope > ol > li');
    // Where nothing new came and the way is gone, the last of those that were there.
    const row = at === 0 ? undefined : (rows?.[at] ?? (button.current === null ? rows?.[at - 1] : undefined));
    if (failure !== undefined || row === undefined) return button.current?.focus({ preventScroll: true });
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
  });
  const press = (): void => {
    before.current = new Set(keys);
    more?.();
  };
  return { button, more: more === undefined ? undefined : press };
};

interface SearchProps {
  readonly kind: ListKind;
  readonly label: string;
  readonly filter: ListFilter;
}

const Search = ({ kind, label, filter }: SearchProps): ReactNode => {
  const [typed, setTyped] = useSearchField(kind, filter);
  return <Field type="search" label={label} value={typed} change={setTyped} maxLength={80} />;
};
