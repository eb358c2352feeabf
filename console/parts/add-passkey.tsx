import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { CreationOptions, Proof } from '#contract/api/passkeys.ts';
import type { Own } from '../data/own.ts';
import { makePasskey, type PasskeyProblem } from '../data/passkeys.ts';
import { useAct } from '../data/use-act.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Done } from './done.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { PasskeyNotice } from './passkey-notice.tsx';
import { Prove } from './prove.tsx';

interface AddPasskeyProps {
  readonly own: Own;
  readonly close: () => void;
}

/** First who it is, then a name for the passkey and what the browser asks for. A refused one begins again. */
export const AddPasskey = ({ own, close }: AddPasskeyProps): ReactNode => {
  const { say } = useWords();
  const begin = useAct('passkeys/begin-enrolment');
  const enrol = useAct('passkeys/enrol');
  const [options, setOptions] = useState<CreationOptions>();
  const [label, setLabel] = useState('');
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<PasskeyProblem>();
  const [added, setAdded] = useState<string>();

  const prove = async (proof: Proof): Promise<void> => {
    enrol.clear();
    setOptions((await begin.send({ body: { proof } }))?.options);
  };
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (options === undefined || waiting) return;
    setProblem(undefined);
    setWaiting(true);
    const made = await makePasskey(options);
    setWaiting(false);
    if (!made.ok) return setProblem(made.problem);
    const answer = await enrol.send({ body: { label, attestation: made.value } });
    if (answer !== undefined) return setAdded(answer.passkey.label);
    // Its challenge is spent.
    setOptions(undefined);
  };

  const busy = waiting || enrol.busy;
  return (
    <Dialog title={say('passkey.add')} close={close} mayClose={!busy}>
      {added !== undefined ? (
        <Done close={close}>{say('passkey.added', { label: added })}</Done>
      ) : options === undefined ? (
        <Prove
          own={own}
          submit={say('proof.next')}
          busy={begin.busy}
          failure={begin.failure ?? enrol.failure}
          send={prove}
          close={close}
        />
      ) : (
        <form onSubmit={(event) => void submit(event)} className="form">
          <p>{say('passkey.add-lead')}</p>
          <Field
            label={say('passkey.label')}
            value={label}
            change={setLabel}
            maxLength={40}
            hint={say('passkey.label-hint')}
            required
            autoFocus
          />
          <PasskeyNotice problem={problem} />
          <FailureNotice failure={enrol.failure} />
          <p className="visually-hidden" role="status">
            {waiting && say('passkey.waiting')}
          </p>
          <div className="dialog-actions">
            <Button onClick={close} disabled={busy}>
              {say('common.cancel')}
            </Button>
            <Button look="primary" icon="passkey" type="submit" busy={busy}>
              {say('passkey.add-create')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
};
