import type { ReactNode } from 'react';
import type { ListFilter } from '../data/place.ts';
import { useWords } from '../data/use-words.ts';
import { Choice } from './field.tsx';

interface FilterChoiceProps {
  /** By what of the filter it narrows. */
  readonly by: Exclude<keyof ListFilter, 'search' | 'sort' | 'order'>;
  readonly label?: string;
  /** The words for not narrowing. */
  readonly every?: string;
  readonly filter: ListFilter;
  readonly change: (filter: ListFilter) => void;
  readonly options: readonly (readonly [value: string, label: string])[];
}

/** Narrows a list to one of some values. */
export const FilterChoice = ({ by, label, every, filter, change, options }: FilterChoiceProps): ReactNode => {
  const { say } = useWords();
  return (
    <Choice
      label={label ?? say('common.state')}
      value={filter[by] ?? ''}
      change={(value) => change({ ...filter, [by]: value })}
    >
      <option value="">{every ?? say('list.every-state')}</option>
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </Choice>
  );
};
