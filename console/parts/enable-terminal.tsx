import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface EnableTerminalProps {
  readonly terminal: TerminalSummary;
  readonly close: () => void;
}

/** Takes a disabled terminal into use again: says what it will do and asks why. */
export const EnableTerminal = ({ terminal: { id, name }, close }: EnableTerminalProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('terminals/enable');
  const [reason, setReason] = useState('');
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if ((await act.send({ params: { terminal: id }, body: { reason } })) !== undefined) close();
  };
  return (
    <Dialog title={say('enable.title', { name })} close={close} mayClose={!act.busy}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <p>{say('enable.will')}</p>
        <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required autoFocus />
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close} disabled={act.busy}>
            {say('common.cancel')}
          </Button>
          <Button look="primary" type="submit" busy={act.busy} disabled={reason.trim() === ''}>
            {say('enable.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
