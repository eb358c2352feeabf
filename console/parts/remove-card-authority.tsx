import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { CardAuthority } from '#contract/api/card-authorities.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface RemoveCardAuthorityProps {
  readonly authority: CardAuthority;
  readonly close: () => void;
}

export const RemoveCardAuthority = ({ authority, close }: RemoveCardAuthorityProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('card-authorities/remove');
  const [reason, setReason] = useState('');
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if ((await act.send({ params: { authority: authority.id }, body: { reason } })) !== undefined) close();
  };
  return (
    <Dialog title={say('card-authorities.remove-one', { name: authority.name })} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <p>{say('card-authorities.remove-will', { cards: authority.cards })}</p>
        <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required autoFocus />
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="danger" type="submit" busy={act.busy} disabled={reason.trim() === ''}>
            {say('card-authorities.remove')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
