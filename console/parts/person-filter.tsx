import { type ReactNode, useState } from 'react';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';

interface PersonFilterProps {
  readonly chosen: string | undefined;
  /** Empty: everybody. */
  readonly choose: (id: string) => void;
}

/** Finds a person by name, kana or number; the chosen one stands in its place. */
export const PersonFilter = ({ chosen, choose }: PersonFilterProps): ReactNode =>
  chosen === undefined ? <Finder choose={choose} /> : <Chosen id={chosen} clear={() => choose('')} />;

const Finder = ({ choose }: { readonly choose: (id: string) => void }): ReactNode => {
  const { say } = useWords();
  const [typed, setTyped] = useState('');
  const search = typed.trim();
  const found = useData('people/list', search === '' ? undefined : { query: { search, limit: 6 } }, []);
  return (
    <div className="person-filter">
      <Field
        label={say('log.person')}
        value={typed}
        change={setTyped}
        placeholder={say('log.everybody')}
        maxLength={80}
      />
      {search !== '' && found.isCurrent && found.data.kind === 'ready' && (
        <ul className="found" aria-label={say('log.found')}>
          {found.data.value.people.length === 0 && <li className="muted">{say('people.not-found', { search })}</li>}
          {found.data.value.people.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                onClick={() => {
                  setTyped('');
                  choose(person.id);
                }}
              >
                {person.name} <small>{person.number}</small>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
};

const Chosen = ({ id, clear }: { readonly id: string; readonly clear: () => void }): ReactNode => {
  const { say } = useWords();
  const shown = useData('people/show', { params: { person: id } }, ['people']);
  const name = shown.data.kind === 'ready' ? shown.data.value.person.name : '…';
  return (
    <div className="field">
      <span className="label">{say('log.person')}</span>
      <span className="chosen">
        {name}
        <button type="button" className="icon-button" onClick={clear} aria-label={say('log.clear-person')}>
          <Icon name="cross" />
        </button>
      </span>
    </div>
  );
};
