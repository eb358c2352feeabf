import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { TerminalSummary } from '#contract/api/terminals.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface ChangeTerminalProps {
  readonly terminal: TerminalSummary;
  readonly close: () => void;
}

/** How a terminal is called, where it stands and what it belongs to. Its certificate and who works at it stay. */
export const ChangeTerminal = ({ terminal, close }: ChangeTerminalProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('terminals/change');
  const [name, setName] = useState(terminal.name);
  const [place, setPlace] = useState(terminal.place);
  const [group, setGroup] = useState(terminal.group);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if ((await act.send({ params: { terminal: terminal.id }, body: { name, place, group } })) !== undefined) close();
  };
  return (
    <Dialog title={say('terminals.change-one', { name: terminal.name })} close={close} mayClose={!act.busy}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <Field
          label={say('terminals.name')}
          value={name}
          change={setName}
          maxLength={40}
          required
          autoFocus
          hint={say('terminals.name-hint')}
        />
        <Field label={say('terminals.place')} value={place} change={setPlace} maxLength={80} />
        <Field
          label={say('terminals.group')}
          value={group}
          change={setGroup}
          maxLength={40}
          hint={say('terminals.group-hint')}
        />
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close} disabled={act.busy}>
            {say('common.cancel')}
          </Button>
          <Button look="primary" type="submit" busy={act.busy}>
            {say('change.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
