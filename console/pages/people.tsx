import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import type { PersonSummary } from '#contract/api/people.ts';
import { roles } from '#contract/api/row.ts';
import { fragmentOf, type ListFilter } from '../data/place.ts';
import { tryReadSupportCode } from '../data/support-code.ts';
import { useAct } from '../data/use-act.ts';
import { useAsked } from '../data/use-asked.ts';
import { useChosen } from '../data/use-chosen.ts';
import { useConsole, useMay } from '../data/use-console.ts';
import { useListing } from '../data/use-listing.ts';
import { useSearchField } from '../data/use-search-field.ts';
import { useWords, type Words } from '../data/use-words.ts';
import { AddPerson } from '../parts/add-person.tsx';
import { Button } from '../parts/button.tsx';
import { Ceremony } from '../parts/ceremony.tsx';
import { Choice } from '../parts/field.tsx';
import { FilterChoice } from '../parts/filter-choice.tsx';
import { Icon } from '../parts/icon.tsx';
import { ListPage } from '../parts/list-page.tsx';
import type { Column } from '../parts/list-table.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PersonState } from '../parts/person-state.tsx';
import { mostAtOnce } from '../parts/revoke-many.tsx';
import { SuspendMany } from '../parts/suspend-many.tsx';

const open = (id: string): void => {
  location.hash = fragmentOf({ kind: 'person', id });
};
const queueUp = (people: readonly PersonSummary[]): void => {
  location.hash = fragmentOf({ kind: 'card-queue', filter: { ids: people.map(idOf).join(',') } });
};
const idOf = ({ id }: PersonSummary): string => id;
const peopleOf = ({ people }: Answer<'people/list'>): readonly PersonSummary[] => people;

export const People = ({ filter }: { readonly filter: ListFilter }): ReactNode => {
  const words = useWords();
  const { say } = words;
  const may = useMay();
  const { signedIn } = useConsole();
  const { chosen, choose } = useChosen<PersonSummary>(idOf);
  const [suspending, setSuspending] = useState<readonly PersonSummary[]>();
  const [adding, setAdding] = useState(false);
  const [holding, setHolding] = useState(false);
  const listing = useListing({
    name: 'people/list',
    query: { ...filter },
    steady: 'number',
    changes: ['people'],
    itemsOf: peopleOf,
  });
  useAsked(
    { kind: 'people' },
    {
      add: may('people/add') ? () => setAdding(true) : undefined,
      find: may('ceremonies/begin') ? () => setHolding(true) : undefined,
    },
  );
  const { search, role } = filter;
  const isSearched = (search ?? '') !== '';
  const add = (
    <>
      {may('ceremonies/begin') && (
        <a className="button plain" href={fragmentOf({ kind: 'card-queue', filter: { search, role } })}>
          {say('queue.title')}
        </a>
      )}
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
      <Find filter={filter} byCard={may('ceremonies/begin') ? () => setHolding(true) : undefined} />
      <ListPage
        kind="people"
        caption={say('nav.people')}
        listing={listing}
        columns={columnsOf(words)}
        keyOf={idOf}
        filter={filter}
        sorting={isSearched ? { usual: 'number' } : { usual: 'changed', usualOrder: 'falling' }}
        choices={(change) => (
          <>
            <FilterChoice
              by="state"
              label={say('people.filter.state')}
              filter={filter}
              change={change}
              options={(['active', 'suspended'] as const).map((one) => [one, say(`person.state.${one}`)])}
            />
            <FilterChoice
              by="role"
              label={say('people.filter.role')}
              every={say('people.filter.every-role')}
              filter={filter}
              change={change}
              options={roles.map((one) => [one, say(`role.${one}`)])}
            />
            <FilterChoice
              by="cards"
              label={say('card.title')}
              every={say('people.filter.any-cards')}
              filter={filter}
              change={change}
              options={(['none', 'held'] as const).map((one) => [one, say(`people.filter.cards.${one}`)])}
            />
            <Choice
              label={say('people.sort')}
              value={filter.sort ?? (isSearched ? 'number' : 'changed')}
              change={(sort) => change({ ...filter, sort, order: sort === 'changed' ? 'falling' : 'rising' })}
            >
              {(['changed', 'number', 'kana', 'name', 'state'] as const).map((one) => (
                <option key={one} value={one}>
                  {say(`people.sort.${one}`)}
                </option>
              ))}
            </Choice>
          </>
        )}
        choosing={
          may('people/suspend') || may('ceremonies/begin')
            ? {
                chosen,
                choose,
                mayChoose: ({ id, state }) => state === 'active' && id !== signedIn.person.id,
                nameOf: ({ name, number }) => `${name} ${number}`,
                deeds: (
                  <>
                    {may('ceremonies/begin') && (
                      <Button icon="card" disabled={chosen.length > mostAtOnce} onClick={() => queueUp(chosen)}>
                        {say('queue.for', { count: chosen.length })}
                      </Button>
                    )}
                    {may('people/suspend') && (
                      <Button look="danger" disabled={chosen.length > mostAtOnce} onClick={() => setSuspending(chosen)}>
                        {say('suspend.many', { count: chosen.length })}
                      </Button>
                    )}
                    {chosen.length > mostAtOnce && say('list.chosen-most', { most: mostAtOnce })}
                  </>
                ),
              }
            : undefined
        }
        empty={{ icon: 'people', title: say('people.none'), hint: say('people.none-hint') }}
        notFound={
          isSearched
            ? { title: say('people.not-found', { search: filter.search }), hint: say('people.not-found-hint') }
            : undefined
        }
      />
      {holding && <Ceremony task="find" person={undefined} close={() => setHolding(false)} found={open} />}
      {suspending !== undefined && (
        <SuspendMany
          people={suspending}
          onDone={(person) => choose([person], false)}
          close={() => setSuspending(undefined)}
        />
      )}
      {adding && <AddPerson close={() => setAdding(false)} />}
    </>
  );
};

interface FindProps {
  readonly filter: ListFilter;
  readonly byCard: (() => void) | undefined;
}

/** One field for whatever somebody at the desk hears: a name, a number, a support code; or the card itself. */
const Find = ({ filter, byCard }: FindProps): ReactNode => {
  const { say } = useWords();
  const only = useAct('people/list');
  const [typed, setTyped] = useSearchField('people', filter);
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
  return (
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
      {byCard !== undefined && (
        <Button icon="tap" onClick={byCard}>
          {say('find.by-card')}
        </Button>
      )}
    </div>
  );
};

const columnsOf = ({ say }: Words): readonly Column<PersonSummary>[] => {
  const rolesOf = (person: PersonSummary): string =>
    person.roles.map((role) => say(`role.${role}`)).join(say('common.list-separator'));
  return [
    {
      name: 'name',
      label: say('person.name'),
      sort: 'name',
      heads: true,
      show: ({ id, name, kana }) => (
        <>
          <a href={fragmentOf({ kind: 'person', id })}>{name}</a>
          {kana !== '' && <span className="kana">{kana}</span>}
        </>
      ),
      write: ({ name }) => name,
      more: [{ label: say('person.kana'), write: ({ kana }) => kana }],
    },
    {
      name: 'number',
      label: say('person.number'),
      sort: 'number',
      className: 'digits',
      show: ({ number }) => number,
      write: ({ number }) => number,
    },
    { name: 'roles', label: say('person.roles'), show: rolesOf, write: rolesOf },
    {
      name: 'state',
      label: say('common.state'),
      sort: 'state',
      show: ({ state }) => <PersonState state={state} />,
      write: ({ state }) => say(`person.state.${state}`),
    },
  ];
};
