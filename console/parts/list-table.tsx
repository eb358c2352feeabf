import type { ReactNode } from 'react';
import type { ListFilter } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';

/** A column of a list: how it is called, shown, sorted by the server and written into a file. */
export interface Column<Item> {
  readonly name: string;
  readonly label: string;
  readonly show: (item: Item) => ReactNode;
  /** As the server calls the sort; left out where it cannot be sorted by. */
  readonly sort?: string;
  /** Its cell in a file; left out where it is not part of one. Several cells of one column stand in `more`. */
  readonly write?: (item: Item) => string;
  /** What the column shows beside, as columns of their own in a file. */
  readonly more?: readonly { readonly label: string; readonly write: (item: Item) => string }[];
  /** The column by which a row is called. */
  readonly heads?: true;
  /** `number` is an amount, `digits` what is only written in digits. */
  readonly className?: 'number' | 'digits';
}

interface ListTableProps<Item> {
  readonly caption: string;
  readonly columns: readonly Column<Item>[];
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string | number;
  /** What may be done with one. */
  readonly actions?: ((item: Item) => ReactNode) | undefined;
  readonly sorting?: Sorting;
  readonly choosing?: Choosing<Item> | undefined;
}

/** How rows are chosen, for a deed that is done to many. */
export interface Choosing<Item> {
  readonly chosen: readonly Item[];
  readonly choose: (items: readonly Item[], isChosen: boolean) => void;
  readonly mayChoose: (item: Item) => boolean;
  readonly nameOf: (item: Item) => string;
}

export interface Sorting {
  readonly filter: ListFilter;
  readonly change: (filter: ListFilter) => void;
  /** What the server sorts by where nothing else is asked for, and which way. */
  readonly usual: string;
  readonly usualOrder?: 'rising' | 'falling';
}

/** The table of a list. Its heads sort, where the server can. */
export const ListTable = <Item,>({
  caption,
  columns,
  items,
  keyOf,
  actions,
  sorting,
  choosing,
}: ListTableProps<Item>): ReactNode => {
  const { say } = useWords();
  const chosen = new Set(choosing?.chosen.map(keyOf));
  return (
    <table>
      <caption className="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {choosing !== undefined && (
            <ChooseAll
              choosing={choosing}
              items={items.filter(choosing.mayChoose)}
              has={(item) => chosen.has(keyOf(item))}
            />
          )}
          {columns.map(({ name, label, sort, className }) =>
            sort === undefined || sorting === undefined ? (
              <th key={name} scope="col" className={className === 'number' ? 'number-head' : undefined}>
                {label}
              </th>
            ) : (
              <SortedHead key={name} label={label} sort={sort} sorting={sorting} />
            ),
          )}
          {actions !== undefined && (
            <th scope="col">
              <span className="visually-hidden">{say('common.actions')}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={keyOf(item)}>
            {choosing !== undefined && (
              <td className="choose">
                {choosing.mayChoose(item) && (
                  <input
                    type="checkbox"
                    aria-label={say('list.choose', { name: choosing.nameOf(item) })}
                    checked={chosen.has(keyOf(item))}
                    onChange={({ currentTarget }) => choosing.choose([item], currentTarget.checked)}
                  />
                )}
              </td>
            )}
            {columns.map(({ name, heads, className, show }) =>
              heads ? (
                <th key={name} scope="row" className={className}>
                  {show(item)}
                </th>
              ) : (
                <td key={name} className={className}>
                  {show(item)}
                </td>
              ),
            )}
            {actions !== undefined && <td className="row-actions">{actions(item)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
};

interface ChooseAllProps<Item> {
  readonly choosing: Choosing<Item>;
  /** Those of the table that may be chosen. */
  readonly items: readonly Item[];
  readonly has: (item: Item) => boolean;
}

const ChooseAll = <Item,>({ choosing, items, has }: ChooseAllProps<Item>): ReactNode => {
  const { say } = useWords();
  const some = items.some(has);
  const all = some && items.every(has);
  return (
    <th scope="col" className="choose">
      <input
        type="checkbox"
        aria-label={say('list.choose-all')}
        ref={(box) => {
          if (box !== null) box.indeterminate = some && !all;
        }}
        checked={all}
        disabled={items.length === 0}
        onChange={() => choosing.choose(items, !all)}
      />
    </th>
  );
};

interface SortedHeadProps {
  readonly label: string;
  readonly sort: string;
  readonly sorting: Sorting;
}

const SortedHead = ({
  label,
  sort,
  sorting: { filter, change, usual, usualOrder = 'rising' },
}: SortedHeadProps): ReactNode => {
  const isSorted = (filter.sort ?? usual) === sort;
  const order = filter.order ?? (filter.sort === undefined ? usualOrder : 'rising');
  const press = (): void => change({ ...filter, sort, order: isSorted && order === 'rising' ? 'falling' : 'rising' });
  return <SortHead label={label} order={isSorted ? order : undefined} press={press} />;
};

interface SortHeadProps {
  readonly label: string;
  /** How the table is sorted by this column; undefined: it is not. */
  readonly order: string | undefined;
  readonly press: () => void;
}

export const SortHead = ({ label, order, press }: SortHeadProps): ReactNode => (
  <th scope="col" aria-sort={order === undefined ? undefined : order === 'rising' ? 'ascending' : 'descending'}>
    <button type="button" className="sort" onClick={press}>
      {label}
      <span aria-hidden="true" className="sort-mark">
        {order === undefined ? '↕' : order === 'rising' ? '↑' : '↓'}
      </span>
    </button>
  </th>
);
