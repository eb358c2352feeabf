import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Answer } from '#contract/api/index.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Choice, Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { ShownOnce } from './shown-once.tsx';

const lifetimes = [90, 180, 365, 730] as const;

/** Makes the token of a directory, and shows it with the address where the directory sends its requests. */
export const AddDirectory = ({ close }: { readonly close: () => void }): ReactNode => {
  const { say } = useWords();
  const act = useAct('directory-clients/add');
  const [name, setName] = useState('');
  const [days, setDays] = useState('365');
  const [made, setMade] = useState<Answer<'directory-clients/add'>>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setMade(await act.send({ body: { name, days: Number(days) } }));
  };
  return (
    <Dialog
      title={made === undefined ? say('directory.add') : say('directory.added', { name })}
      close={close}
      mayClose={made === undefined && !act.busy}
    >
      {made === undefined ? (
        <form onSubmit={(event) => void submit(event)} className="form">
          <Field
            label={say('directory.name')}
            value={name}
            change={setName}
            maxLength={60}
            required
            autoFocus
            hint={say('directory.name-hint')}
          />
          <Choice label={say('directory.lifetime')} value={days} change={setDays}>
            {lifetimes.map((one) => (
              <option key={one} value={one}>
                {say('directory.days', { days: one })}
              </option>
            ))}
          </Choice>
          <FailureNotice failure={act.failure} />
          <div className="dialog-actions">
            <Button onClick={close} disabled={act.busy}>
              {say('common.cancel')}
            </Button>
            <Button look="primary" type="submit" busy={act.busy}>
              {say('directory.add-submit')}
            </Button>
          </div>
        </form>
      ) : (
        <>
          <p>{say('directory.address', { address: made.address })}</p>
          <ShownOnce long label={say('directory.token')} text={made.token} expiresAt={made.expiresAt} close={close} />
        </>
      )}
    </Dialog>
  );
};
