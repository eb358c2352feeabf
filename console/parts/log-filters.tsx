import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from 'react';
import { fragmentOf, type LogFilter } from '../data/place.ts';
import { useData } from '../data/use-data.ts';
import { useWords } from '../data/use-words.ts';
import { eventKindNames } from '../words.ts';
import { Button } from './button.tsx';
import { Choice, Field } from './field.tsx';
import { LogPeriodChoice } from './log-period.tsx';
import { PersonFilter } from './person-filter.tsx';

const go = (filter: LogFilter): void => {
  location.hash = fragmentOf({ kind: 'log', filter });
};

/** The filter lives in the address, so that it can be kept and linked to. */
export const LogFilters = ({ filter }: { readonly filter: LogFilter }): ReactNode => {
  const { say } = useWords();
  // All of a hospital, to choose from: who logs in at them meanwhile is no reason to ask again.
  const terminals = useData('terminals/list', { query: {} }, []);
  const codeField = useRef<HTMLInputElement>(null);
  const [code, setCode] = useState(filter.supportCode ?? '');
  useEffect(() => setCode(filter.supportCode ?? ''), [filter.supportCode]);
  const change = (name: keyof LogFilter, value: string): void => {
    const { [name]: _, ...others } = filter;
    go(value === '' ? others : { ...others, [name]: value });
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    change('supportCode', tidy(code));
  };
  const known = terminals.data.kind === 'ready' ? terminals.data.value.terminals : [];
  return (
    <search className="filters" aria-label={say('log.filters')}>
      <form onSubmit={submit} className="filter-code">
        <Field
          ref={codeField}
          label={say('log.support-code')}
          value={code}
          change={setCode}
          placeholder="XXX-XXX-XXX"
          maxLength={16}
        />
        <Button type="submit" icon="search" aria-label={say('log.find-code')}>
          {say('log.find')}
        </Button>
      </form>
      <PersonFilter chosen={filter.person} choose={(id) => change('person', id)} />
      <Choice label={say('log.terminal')} value={filter.terminal ?? ''} change={(value) => change('terminal', value)}>
        <option value="">{say('log.every-terminal')}</option>
        {known.map((terminal) => (
          <option key={terminal.id} value={terminal.id}>
            {terminal.name}
          </option>
        ))}
      </Choice>
      <Choice label={say('log.kind')} value={filter.kind ?? ''} change={(value) => change('kind', value)}>
        <option value="">{say('log.every-kind')}</option>
        {eventKindNames.map((kind) => (
          <option key={kind} value={kind}>
            {say(`kind.${kind}`)}
          </option>
        ))}
      </Choice>
      <LogPeriodChoice filter={filter} go={go} />
      {Object.keys(filter).length > 0 && (
        <Button
          look="quiet"
          icon="cross"
          onClick={() => {
            go({});
            codeField.current?.focus();
          }}
        >
          {say('log.clear')}
        </Button>
      )}
    </search>
  );
};

/** As people read it to each other: without regard to case, spaces and hyphens. */
const tidy = (code: string): string => {
  const plain = code
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '');
  return plain.length === 9 ? plain.replace(/(.{3})(.{3})(.{3})/, '$1-$2-$3') : code.trim().toUpperCase();
};
