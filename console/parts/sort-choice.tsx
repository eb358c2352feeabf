import type { ReactNode } from 'react';
import type { ListFilter } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';
import { Choice } from './field.tsx';

interface SortChoiceProps {
  readonly filter: ListFilter;
  readonly change: (filter: ListFilter) => void;
  /** Sort and order with a space between, as the orders below have them. */
  readonly usual: string;
  readonly orders: readonly (readonly [order: string, label: string])[];
}

/** The order of a list that has no table heads to press. */
export const SortChoice = ({ filter, change, usual, orders }: SortChoiceProps): ReactNode => {
  const { say } = useWords();
  const { sort, order, ...others } = filter;
  const [usualSort, usualOrder] = usual.split(' ');
  // As the server sorts where the address leaves one of them out.
  const shown = `${sort ?? usualSort} ${order ?? (sort === undefined ? usualOrder : 'rising')}`;
  const choose = (value: string): void => {
    const [by, way] = value.split(' ');
    change(value === usual || by === undefined || way === undefined ? others : { ...others, sort: by, order: way });
  };
  return (
    <Choice label={say('people.sort')} value={shown} change={choose}>
      {orders.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </Choice>
  );
};
