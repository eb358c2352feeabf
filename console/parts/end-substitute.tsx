import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { PersonSummary, SubstituteSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Consequences } from './consequences.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { Receipts } from './receipts.tsx';

interface EndSubstituteProps {
  readonly substitute: SubstituteSummary;
  readonly person: PersonSummary;
  readonly close: () => void;
}

/** Ends what stands for somebody's card before its time, and shows which terminals it locked. */
export const EndSubstitute = ({ substitute, person: { name }, close }: EndSubstituteProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('substitutes/end');
  const [reason, setReason] = useState('');
  const [revocations, setRevocations] = useState<readonly number[]>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setRevocations((await act.send({ params: { substitute: substitute.id }, body: { reason } }))?.revocations);
  };
  return (
    <Dialog
      title={say(revocations === undefined ? 'substitute.end-of' : 'substitute.ended-of', { name })}
      close={close}
      mayClose={!act.busy}
    >
      {revocations === undefined ? (
        <form className="form" onSubmit={(event) => void submit(event)}>
          <Consequences
            lines={[
              say('substitute.will-end.opens-nothing'),
              say('substitute.will-end.locks'),
              ...(substitute.card === null ? [] : [say('substitute.will-end.stock')]),
              ...(substitute.cause === 'lost' ? [] : [say('substitute.will-end.cards')]),
            ]}
          />
          <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required />
          <FailureNotice failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close}>{say('common.cancel')}</Button>
            <Button look="danger" type="submit" busy={act.busy} disabled={reason.trim() === ''}>
              {say('substitute.end')}
            </Button>
          </div>
        </form>
      ) : (
        <>
          {revocations.map((number) => (
            <Receipts key={number} number={number} />
          ))}
          <Done close={close}>
            {say(revocations.length === 0 ? 'substitute.end-no-session' : 'substitute.will-end.opens-nothing')}
          </Done>
        </>
      )}
    </Dialog>
  );
};
