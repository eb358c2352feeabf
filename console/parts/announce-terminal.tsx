import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { ShownOnce } from './shown-once.tsx';

export const AnnounceTerminal = ({ close }: { readonly close: () => void }): ReactNode => {
  const { say } = useWords();
  const act = useAct('terminals/announce');
  const [name, setName] = useState('');
  const [place, setPlace] = useState('');
  const [group, setGroup] = useState('');
  const [made, setMade] = useState<Answer<'terminals/announce'>>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setMade(await act.send({ body: { name, place, group } }));
  };
  return (
    <Dialog
      title={made === undefined ? say('terminals.announce') : say('terminals.announced', { name })}
      close={close}
      mayClose={made === undefined && !act.busy}
    >
      {made === undefined ? (
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
              {say('terminals.announce-submit')}
            </Button>
          </div>
        </form>
      ) : (
        <>
          <p>{say('terminals.code-lead', { name })}</p>
          <ShownOnce label={say('terminals.code')} text={made.code} expiresAt={made.expiresAt} close={close} />
        </>
      )}
    </Dialog>
  );
};
