import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface ResumeProps {
  readonly person: PersonSummary;
  readonly close: () => void;
}

/** Takes a suspension back: says what it will do and asks why. */
export const Resume = ({ person, close }: ResumeProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('people/resume');
  const [reason, setReason] = useState('');
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if ((await act.send({ params: { person: person.id }, body: { reason } })) !== undefined) close();
  };
  return (
    <Dialog title={say('resume.title-of', { name: person.name })} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <p>{say('resume.will')}</p>
        <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required autoFocus />
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={act.busy} disabled={reason.trim() === ''}>
            {say('resume.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
