import type { ReactNode } from 'react';
import type { ListFilter, ListKind } from '../data/place.ts';
import type { Listing } from '../data/use-listing.ts';
import { goToList, useSearchField } from '../data/use-search-field.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import type { IconName } from './icon.tsx';
import { type Column, ListTable, type Sorting } from './list-table.tsx';
import { Empty, LoadedView } from './loaded-view.tsx';
import { FailureNotice } from './notice.tsx';
import { SaveList } from './save-list.tsx';

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
    show,
  } = props;
  const { say, language } = useWords();
  const change = (next: ListFilter): void => goToList(kind, next);
  const { sort: _, order: __, ...narrowing } = filter;
  const isNarrowed = Object.values(narrowing).some((value) => value !== undefined && value !== '');
  return (
    <>
      <search className="list-filters" aria-label={say('list.filters')}>
        {searchLabel !== undefined && <Search kind={kind} label={searchLabel} filter={filter} />}
        {choices?.(change)}
        <SaveList name={kind} fetch={listing.fetch} columns={columns} />
      </search>
      <LoadedView loaded={listing.loaded}>
        {(answer) =>
          listing.items.length === 0 ? (
            isNarrowed ? (
              <Empty icon="search" title={notFound?.title ?? say('list.not-found')}>
                <p>{notFound?.hint ?? say('list.not-found-hint')}</p>
                <Button onClick={() => goToList(kind, {})}>{say('log.clear')}</Button>
              </Empty>
            ) : (
              <Empty icon={empty.icon} title={empty.title}>
                {empty.hint !== undefined && <p>{empty.hint}</p>}
              </Empty>
            )
          ) : (
            <div className={show === undefined ? 'surface table-wrap' : undefined}>
              <p className="table-head" role="status">
                {status?.(answer)}
                <span className="list-count">
                  {say('list.count', {
                    shown: listing.items.length.toLocaleString(language),
                    total: listing.total.toLocaleString(language),
                  })}
                </span>
              </p>
              {show === undefined ? (
                <ListTable
                  caption={caption}
                  columns={columns}
                  items={listing.items}
                  keyOf={keyOf}
                  actions={actions}
                  sorting={{ ...sorting, filter, change }}
                />
              ) : (
                show(listing.items)
              )}
              {listing.more !== undefined && (
                <div className="table-foot">
                  <FailureNotice failure={listing.failure} />
                  <Button busy={listing.busy} onClick={listing.more}>
                    {say('list.more')}
                  </Button>
                </div>
              )}
            </div>
          )
        }
      </LoadedView>
    </>
  );
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
