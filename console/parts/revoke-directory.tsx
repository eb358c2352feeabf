import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { DirectoryClient } from '#contract/api/directory.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';

interface RevokeDirectoryProps {
  readonly client: DirectoryClient;
  readonly close: () => void;
}

export const RevokeDirectory = ({ client, close }: RevokeDirectoryProps): ReactNode => {
  const { say } = useWords();
  const act = useAct('directory-clients/revoke');
  const [reason, setReason] = useState('');
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if ((await act.send({ params: { client: client.id }, body: { reason } })) !== undefined) close();
  };
  return (
    <Dialog title={say('directory.revoke-one', { name: client.name })} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <p>{say('directory.revoke-will')}</p>
        <Field label={say('revoke.reason')} value={reason} change={setReason} maxLength={80} required autoFocus />
        <FailureNotice failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="danger" type="submit" busy={act.busy} disabled={reason.trim() === ''}>
            {say('directory.revoke')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
