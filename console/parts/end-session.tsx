import type { ReactNode } from 'react';
import type { PersonPage, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Revoke } from './revoke.tsx';

interface EndSessionProps {
  readonly session: PersonPage['sessions'][number];
  readonly person: PersonSummary;
  readonly close: () => void;
}

/** Ends what somebody has open on one terminal; what they have open elsewhere goes on. */
export const EndSession = ({ session: { id, terminal }, person, close }: EndSessionProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('sessions/revoke');
  const about = { terminal, name: person.name };
  return (
    <Revoke
      title={say('session.end-title', about)}
      doneTitle={say('session.ended', about)}
      consequences={[say('session.end-locks', about), say('session.end-again', about), say('session.end-others')]}
      reasons={['long-absence', 'suspected-misuse']}
      submit={say('session.end-submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { session: id }, body: { reason } }))?.revocation}
      close={close}
    />
  );
};
