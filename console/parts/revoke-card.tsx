import type { ReactNode } from 'react';
import type { CardSummary, PersonPage, PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Revoke } from './revoke.tsx';

interface RevokeCardProps {
  readonly card: CardSummary;
  readonly person: PersonSummary;
  readonly sessions: PersonPage['sessions'];
  readonly close: () => void;
}

export const RevokeCard = ({ card, person, sessions, close }: RevokeCardProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('cards/revoke');
  const terminals = [...new Set(sessions.map((session) => session.terminal))].join(say('common.list-separator'));
  return (
    <Revoke
      title={say('revoke.card.title', { ending: card.ending, name: person.name })}
      doneTitle={say('revoke.card.done', { ending: card.ending, name: person.name })}
      consequences={[
        say('revoke.card.opens-nothing'),
        terminals === '' ? say('revoke.no-session') : say('revoke.card.locks', { terminals }),
        say('revoke.card.for-ever'),
      ]}
      reasons={['card-lost', 'card-stolen', 'card-broken', 'person-left']}
      submit={say('revoke.card.submit')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { card: card.id }, body: { reason } }))?.revocation}
      close={close}
    />
  );
};
