import type { ReactNode } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { RevokeMany } from './revoke-many.tsx';

interface SuspendManyProps {
  readonly people: readonly PersonSummary[];
  readonly onDone: (person: PersonSummary) => void;
  readonly close: () => void;
}

const nameOf = ({ name, number }: PersonSummary): string => `${name} ${number}`;

export const SuspendMany = ({ people, onDone, close }: SuspendManyProps): ReactNode => {
  const { say } = useWords();
  const { api } = useConsole();
  return (
    <RevokeMany
      items={people}
      nameOf={nameOf}
      title={say('suspend.many-title', { count: people.length })}
      doneTitle={(count) => say('suspend.many-done', { count })}
      consequences={[
        say('suspend.many-whom', { names: people.map(nameOf).join(say('common.list-separator')) }),
        say('suspend.many-no-login'),
        say('suspend.many-locks'),
        say('suspend.many-way-back'),
      ]}
      reasons={['person-left', 'long-absence', 'suspected-misuse']}
      submit={say('suspend.submit')}
      act={(person, reason) => api.call('people/suspend', { params: { person: person.id }, body: { reason } })}
      onDone={onDone}
      close={close}
    />
  );
};
