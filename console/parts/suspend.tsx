import type { ReactNode } from 'react';
import type { PersonPage, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Revoke } from './revoke.tsx';

interface SuspendProps {
  readonly person: PersonSummary;
  readonly sessions: PersonPage['sessions'];
  readonly close: () => void;
}

export const Suspend = ({ person, sessions, close }: SuspendProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('people/suspend');
  const terminals = [...new Set(sessions.map((session) => session.terminal))].join(say('common.list-separator'));
  return (
    <Revoke
      title={say('suspend.title-of', { name: person.name })}
      doneTitle={say('suspend.done', { name: person.name })}
      consequences={[
        say('suspend.no-login'),
        terminals === '' ? say('revoke.no-session') : say('suspend.locks', { terminals }),
        say('suspend.way-back'),
      ]}
      reasons={['person-left', 'long-absence', 'suspected-misuse']}
      submit={say('suspend.submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { person: person.id }, body: { reason } }))?.revocation}
      close={close}
    />
  );
};
