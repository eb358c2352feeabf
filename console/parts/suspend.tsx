import { type ReactNode, useState } from 'react';
import type { PersonPage, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useMay } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { Revoke } from './revoke.tsx';

interface SuspendProps {
  readonly person: PersonSummary;
  readonly sessions: PersonPage['sessions'];
  readonly close: () => void;
}

export const Suspend = ({ person, sessions, close }: SuspendProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('people/suspend');
  const back = useAct('people/resume');
  const mayResume = useMay()('people/resume');
  const [isBack, setIsBack] = useState(false);
  const undo = async (): Promise<void> => {
    const answer = await back.send({ params: { person: person.id }, body: { reason: 'undone' } });
    if (answer !== undefined) setIsBack(true);
  };
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
      after={
        isBack ? (
          <Notice look="good">
            <p>{say('suspend.undone', { name: person.name })}</p>
          </Notice>
        ) : (
          mayResume && (
            <>
              <FailureNotice failure={back.failure} />
              <Button icon="back" busy={back.busy} onClick={() => void undo()}>
                {say('suspend.undo')}
              </Button>
            </>
          )
        )
      }
    />
  );
};
