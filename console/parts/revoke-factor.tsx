import type { ReactNode } from 'react';
import type { PersonPage, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import type { Shown } from './factor-list.tsx';
import { Revoke } from './revoke.tsx';

interface RevokeFactorProps {
  readonly factor: Shown;
  readonly person: PersonSummary;
  readonly sessions: PersonPage['sessions'];
  readonly close: () => void;
}

/** Makes a PIN, an authenticator or a password worthless. */
export const RevokeFactor = ({ factor, person, sessions, close }: RevokeFactorProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('people/revoke-factor');
  const about = { factor: say(`factor.${factor}`), name: person.name };
  const terminals = [...new Set(sessions.map(({ terminal }) => terminal))].join(say('common.list-separator'));
  return (
    <Revoke
      title={say('revoke.factor.title', about)}
      doneTitle={say('revoke.factor.done', about)}
      consequences={[
        say(`revoke.factor.${factor}`),
        terminals === '' ? say('revoke.no-session') : say('revoke.factor.locks', { terminals }),
        ...(factor === 'pin' ? [] : [say('revoke.factor.console')]),
        say(`revoke.factor.anew.${factor}`),
      ]}
      reasons={['guessed-at', 'suspected-misuse', 'forgotten']}
      submit={say('revoke.factor.submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) =>
        (await act.send({ params: { person: person.id, kind: factor }, body: { reason } }))?.revocation
      }
      close={close}
    />
  );
};
