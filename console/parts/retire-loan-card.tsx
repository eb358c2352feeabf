import type { ReactNode } from 'react';
import type { LoanCard } from '#contract/api/substitutes.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Revoke } from './revoke.tsx';

interface RetireLoanCardProps {
  readonly card: LoanCard;
  readonly close: () => void;
}

export const RetireLoanCard = ({ card: { id, label, ending, holder }, close }: RetireLoanCardProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('cards/revoke');
  return (
    <Revoke
      title={say('loan-cards.retire-one', { label, ending })}
      doneTitle={say('loan-cards.retired', { label, ending })}
      consequences={[
        say('loan-cards.will.nothing'),
        ...(holder === null ? [] : [say('loan-cards.will.ends', { name: holder.name })]),
        say('loan-cards.will.for-ever'),
      ]}
      reasons={['card-lost', 'card-broken']}
      submit={say('loan-cards.retire')}
      busy={act.busy}
      failure={act.failure}
      send={async (reason) => (await act.send({ params: { card: id }, body: { reason } }))?.revocation}
      close={close}
    />
  );
};
