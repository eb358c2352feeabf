import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Proof } from '#contract/api/passkeys.ts';
import type { Failure } from '#contract/errors.ts';
import { type Own, secretsWork } from '../data/own.ts';
import { askPasskey, type PasskeyProblem } from '../data/passkeys.ts';
import { useAct } from '../data/use-act.ts';
import { usePasskeysHere } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { CodeField, digitsOf } from './code-field.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { PasskeyNotice } from './passkey-notice.tsx';

interface ProveProps {
  readonly own: Own;
  /** Name of the deed. */
  readonly submit: string;
  readonly look?: 'primary' | 'danger';
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** Does it; the proof goes with the deed. */
  readonly send: (proof: Proof) => Promise<unknown>;
  readonly close: () => void;
}

/** Asks once more who it is before a deed: by a passkey, or by password and code. Not where a passkey was just used. */
export const Prove = ({ own, submit, look = 'primary', busy, failure, send, close }: ProveProps): ReactNode => {
  const { say } = useWords();
  const passkeysHere = usePasskeysHere();
  const [proven] = useState(() => own.provenUntil !== null && Date.parse(own.provenUntil) > Date.now());
  if (proven && failure?.code !== 'CONSOLE_PROOF_REFUSED') {
    return (
      <>
        <FailureNotice failure={failure} />
        <div className="dialog-actions">
          <Button onClick={close} disabled={busy}>
            {say('common.cancel')}
          </Button>
          <Button look={look} busy={busy} onClick={() => void send({ kind: 'passkey' })} autoFocus={look === 'primary'}>
            {submit}
          </Button>
        </div>
      </>
    );
  }
  const withPasskey = passkeysHere && own.passkeys.length > 0;
  const withSecrets = !withPasskey || secretsWork(own);
  return (
    <>
      <p>{say('proof.lead')}</p>
      {withPasskey && <ByPasskey look={look} busy={busy} send={send} />}
      {withPasskey && withSecrets && <p className="or">{say('sign-in.or')}</p>}
      {withSecrets ? (
        <BySecrets submit={submit} look={look} busy={busy} failure={failure} send={send} close={close} />
      ) : (
        <>
          <FailureNotice failure={failure} />
          <div className="dialog-actions">
            <Button onClick={close} disabled={busy}>
              {say('common.cancel')}
            </Button>
          </div>
        </>
      )}
    </>
  );
};

const ByPasskey = ({ look, busy, send }: Pick<ProveProps, 'look' | 'busy' | 'send'>): ReactNode => {
  const { say } = useWords();
  const begin = useAct('passkeys/begin-proof');
  const prove = useAct('passkeys/prove');
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<PasskeyProblem>();
  const press = async (): Promise<void> => {
    setProblem(undefined);
    const begun = await begin.send({ body: {} });
    if (begun === undefined) return;
    setWaiting(true);
    const asked = await askPasskey(begun.options);
    setWaiting(false);
    if (!asked.ok) return setProblem(asked.problem);
    const proven = await prove.send({ body: { assertion: asked.value } });
    if (proven !== undefined) await send({ kind: 'passkey' });
  };
  return (
    <>
      <FailureNotice failure={begin.failure ?? prove.failure} />
      <PasskeyNotice problem={problem} />
      <Button icon="passkey" busy={waiting || begin.busy || prove.busy || busy} onClick={() => void press()}>
        {say(look === 'danger' ? 'proof.passkey-remove' : 'proof.passkey')}
      </Button>
    </>
  );
};

type BySecretsProps = Required<Omit<ProveProps, 'own' | 'failure'>> & Pick<ProveProps, 'failure'>;

const BySecrets = ({ submit, look, busy, failure, send, close }: BySecretsProps): ReactNode => {
  const { say } = useWords();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const onSubmit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const typed = digitsOf(code);
    setCode('');
    await send({ kind: 'secrets', password, code: typed });
  };
  return (
    <form onSubmit={(event) => void onSubmit(event)} className="form">
      <Field
        label={say('sign-in.password')}
        value={password}
        change={setPassword}
        type="password"
        autoComplete="current-password"
        maxLength={256}
        required
      />
      <CodeField value={code} change={setCode} hint={say('proof.code-hint')} />
      <FailureNotice failure={failure} />
      <div className="dialog-actions">
        <Button onClick={close} disabled={busy}>
          {say('common.cancel')}
        </Button>
        <Button look={look} type="submit" busy={busy}>
          {submit}
        </Button>
      </div>
    </form>
  );
};
