import { type ReactNode, type SubmitEvent, useEffect, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { CodeField, digitsOf } from './code-field.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { TotpScan } from './totp-scan.tsx';

/** The person scans the seed and says a code. A seed is asked for by a press, since it replaces one that waits. */
export const TotpEnrolment = ({
  person,
  close,
}: {
  readonly person: PersonSummary;
  readonly close: () => void;
}): ReactNode => {
  const { say } = useWords();
  const begin = useAct('people/begin-totp');
  const confirm = useAct('people/confirm-totp');
  const [uri, setUri] = useState<string>();
  const [code, setCode] = useState('');
  const [done, setDone] = useState(false);
  const params = { person: person.id };
  useEffect(() => () => setUri(undefined), []);
  const show = async (): Promise<void> => setUri((await begin.send({ params, body: {} }))?.uri);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const answer = await confirm.send({ params, body: { code: digitsOf(code) } });
    if (answer !== undefined) setDone(true);
    else setCode('');
  };
  return (
    <Dialog title={say('totp.set-for', { name: person.name })} close={close}>
      {done ? (
        <Done close={close}>{say('totp.done', { name: person.name })}</Done>
      ) : uri === undefined ? (
        <>
          <p>{say('totp.lead')}</p>
          <ApprovalAwaited failure={begin.failure} />
          <div className="dialog-actions">
            <Button onClick={close}>{say('common.cancel')}</Button>
            <Button look="primary" busy={begin.busy} onClick={() => void show()} autoFocus>
              {say('totp.show')}
            </Button>
          </div>
        </>
      ) : (
        <form onSubmit={(event) => void submit(event)} className="form">
          <TotpScan uri={uri} />
          <CodeField
            label={say('totp.code-of', { name: person.name })}
            value={code}
            change={setCode}
            autoComplete="off"
            autoFocus
          />
          <ApprovalAwaited failure={confirm.failure} />
          <div className="dialog-actions">
            <Button onClick={close}>{say('common.cancel')}</Button>
            <Button look="primary" type="submit" busy={confirm.busy}>
              {say('totp.confirm')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
};
