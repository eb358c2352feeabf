import { type ReactNode, type SubmitEvent, useId, useState } from 'react';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { Notice } from './notice.tsx';

/** Longest text of one certificate. */
const longest = 8_192;

/** Puts the certificate of whoever signs those of cards on the list. */
export const AddCardAuthority = ({ close }: { readonly close: () => void }): ReactNode => {
  const { say } = useWords();
  const id = useId();
  const act = useAct('card-authorities/add');
  const [name, setName] = useState('');
  const [file, setFile] = useState<File>();
  const [unreadable, setUnreadable] = useState(false);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (file === undefined) return;
    const certificate = file.size > longest ? undefined : await file.text().catch(() => undefined);
    setUnreadable(certificate === undefined);
    if (certificate === undefined) return act.clear();
    if ((await act.send({ body: { name, certificate } })) !== undefined) close();
  };
  return (
    <Dialog title={say('card-authorities.add')} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <Field label={say('card-authorities.name')} value={name} change={setName} maxLength={60} required autoFocus />
        <div className="field">
          <label htmlFor={id}>{say('card-authorities.file')}</label>
          <input
            id={id}
            type="file"
            accept=".pem,.crt,.cer,application/x-pem-file,application/x-x509-ca-cert"
            required
            aria-describedby={`${id}-hint`}
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
          <p className="hint" id={`${id}-hint`}>
            {say('card-authorities.file-hint')}
          </p>
        </div>
        {unreadable && (
          <Notice look="bad" alert>
            <p>{say('failure.CARD_AUTHORITY_INVALID')}</p>
          </Notice>
        )}
        <ApprovalAwaited failure={act.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={act.busy}>
            {say('card-authorities.add-submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
