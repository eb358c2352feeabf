import type { ReactNode } from 'react';
import { type Column, ListTable } from './list-table.tsx';
import { SaveList } from './save-list.tsx';

interface WholeListProps<Item> {
  /** Part of the name of its file. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly Column<Item>[];
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string | number;
  readonly actions?: ((item: Item) => ReactNode) | undefined;
}

/** A list of a few things, which the server gives at once. */
export const WholeList = <Item,>({
  name,
  caption,
  columns,
  items,
  keyOf,
  actions,
}: WholeListProps<Item>): ReactNode => (
  <>
    <SaveList
      name={name}
      columns={columns}
      keyOf={keyOf}
      fetch={() => Promise.resolve({ ok: true, value: { items, next: null } })}
    />
    <div className="surface table-wrap">
      <ListTable caption={caption} columns={columns} items={items} keyOf={keyOf} actions={actions} />
    </div>
  </>
);
