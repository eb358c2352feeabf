import { type ReactNode, type SubmitEvent, useDeferredValue, useState } from 'react';
import { fragmentOf } from '../data/place.ts';
import { tryReadSupportCode } from '../data/support-code.ts';
import { useAct } from '../data/use-act.ts';
import { useAsked } from '../data/use-asked.ts';
import { useMay } from '../data/use-console.ts';
import { type PeopleFilter, usePeople } from '../data/use-people.ts';
import { useWords } from '../data/use-words.ts';
import { AddPerson } from '../parts/add-person.tsx';
import { Button } from '../parts/button.tsx';
import { Ceremony } from '../parts/ceremony.tsx';
import { Icon } from '../parts/icon.tsx';
import { Empty, LoadedView } from '../parts/loaded-view.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PeopleFilters } from '../parts/people-filters.tsx';
import { PersonState } from '../parts/person-state.tsx';

const open = (id: string): void => {
  location.hash = fragmentOf({ kind: 'person', id });
};

export const People = (): ReactNode => {
  const { say } = useWords();
  const may = useMay();
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed.trim());
  const [adding, setAdding] = useState(false);
  const [holding, setHolding] = useState(false);
  const [filter, setFilter] = useState<Omit<PeopleFilter, 'search'>>({ state: '', role: '', sort: '' });
  const found = usePeople({ ...filter, search });
  const only = useAct('people/list');
  useAsked(
    { kind: 'people' },
    {
      add: may('people/add') ? () => setAdding(true) : undefined,
      find: may('ceremonies/begin') ? () => setHolding(true) : undefined,
    },
  );
  const go = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const code = tryReadSupportCode(typed);
    if (code !== undefined) {
      location.hash = fragmentOf({ kind: 'refusal', code });
      return;
    }
    // The list below may still be that of what was typed before.
    const answer = typed.trim() === '' ? undefined : await only.send({ query: { search: typed.trim(), limit: 2 } });
    const [first, ...others] = answer?.people ?? [];
    if (first !== undefined && others.length === 0) open(first.id);
  };
  const add = (
    <>
      {may('people/apply-import') && (
        <a className="button plain" href={fragmentOf({ kind: 'import' })}>
          {say('import.title')}
        </a>
      )}
      {may('people/add') && (
        <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
          {say('people.add')}
        </Button>
      )}
    </>
  );
  return (
    <>
      <PageHead title={say('nav.people')} lead={say('people.lead')} actions={add} />
      <div className="find">
        <form className="search" onSubmit={(event) => void go(event)}>
          <Icon name="search" />
          <input
            type="search"
            aria-label={say('find.label')}
            placeholder={say('find.label')}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            maxLength={80}
          />
        </form>
        {may('ceremonies/begin') && (
          <Button icon="tap" onClick={() => setHolding(true)}>
            {say('find.by-card')}
          </Button>
        )}
      </div>
      <PeopleFilters filter={{ ...filter, search }} change={setFilter} />
      <LoadedView loaded={found.loaded}>
        {({ people, next }) =>
          people.length === 0 ? (
            <Empty icon="people" title={search === '' ? say('people.none') : say('people.not-found', { search })}>
              <p>{search === '' ? say('people.none-hint') : say('people.not-found-hint')}</p>
            </Empty>
          ) : (
            <div className="surface table-wrap">
              <table>
                <caption className="visually-hidden">{say('nav.people')}</caption>
                <thead>
                  <tr>
                    <th scope="col">{say('person.name')}</th>
                    <th scope="col">{say('person.number')}</th>
                    <th scope="col">{say('person.roles')}</th>
                    <th scope="col">{say('common.state')}</th>
                  </tr>
                </thead>
                <tbody>
                  {people.map((person) => (
                    <tr key={person.id} className="linked">
                      <th scope="row">
                        <a href={fragmentOf({ kind: 'person', id: person.id })}>{person.name}</a>
                        {person.kana !== '' && <span className="kana">{person.kana}</span>}
                      </th>
                      <td className="number">{person.number}</td>
                      <td>{person.roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'))}</td>
                      <td>
                        <PersonState state={person.state} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {next !== null && (
                <div className="table-foot">
                  <FailureNotice failure={found.failure} />
                  <Button busy={found.busy} onClick={found.more}>
                    {say('people.older')}
                  </Button>
                </div>
              )}
            </div>
          )
        }
      </LoadedView>
      {holding && <Ceremony task="find" person={undefined} close={() => setHolding(false)} found={open} />}
      {adding && <AddPerson close={() => setAdding(false)} />}
    </>
  );
};
