import type { ReactNode } from 'react';
import { roles } from '#contract/api/row.ts';
import type { PeopleFilter } from '../data/use-people.ts';
import { useSavePeople } from '../data/use-people.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Choice } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface PeopleFiltersProps {
  readonly filter: PeopleFilter;
  readonly change: (filter: PeopleFilter) => void;
}

/** Which people are listed and in what order, and the way to save them. */
export const PeopleFilters = ({ filter, change }: PeopleFiltersProps): ReactNode => {
  const { say } = useWords();
  const { state, begin } = useSavePeople(filter);
  return (
    <>
      <div className="people-filters">
        <Choice
          label={say('people.filter.state')}
          value={filter.state}
          change={(value) => change({ ...filter, state: value as PeopleFilter['state'] })}
        >
          <option value="">{say('people.filter.every-state')}</option>
          {(['active', 'suspended'] as const).map((one) => (
            <option key={one} value={one}>
              {say(`person.state.${one}`)}
            </option>
          ))}
        </Choice>
        <Choice
          label={say('people.filter.role')}
          value={filter.role}
          change={(value) => change({ ...filter, role: value as PeopleFilter['role'] })}
        >
          <option value="">{say('people.filter.every-role')}</option>
          {roles.map((one) => (
            <option key={one} value={one}>
              {say(`role.${one}`)}
            </option>
          ))}
        </Choice>
        <Choice
          label={say('people.sort')}
          value={filter.sort === '' ? (filter.search === '' ? 'changed' : 'number') : filter.sort}
          change={(value) => change({ ...filter, sort: value as PeopleFilter['sort'] })}
        >
          {(['changed', 'number', 'kana'] as const).map((one) => (
            <option key={one} value={one}>
              {say(`people.sort.${one}`)}
            </option>
          ))}
        </Choice>
        <Button onClick={begin} busy={state.kind === 'running'}>
          {state.kind === 'running' ? say('people.exporting', { count: state.count }) : say('people.export')}
        </Button>
      </div>
      <p className="people-saved" role="status">
        {state.kind === 'saved' && say('people.exported', { count: state.count, name: state.name })}
      </p>
      {state.kind === 'failed' && <FailureNotice failure={state.failure} />}
    </>
  );
};
