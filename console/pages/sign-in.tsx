import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Failure } from '#contract/errors.ts';
import type { Api } from '../api.ts';
import { askPasskey, hasPasskeys, type PasskeyProblem } from '../data/passkeys.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CodeField, digitsOf } from '../parts/code-field.tsx';
import { Door } from '../parts/door.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PasskeyNotice } from '../parts/passkey-notice.tsx';

interface SignInProps {
  readonly api: Api;
  readonly why: 'start' | 'ended' | 'signed-out';
  readonly enter: (signedIn: SignedIn) => void;
  /** True: the window of a terminal, which has no passkeys. */
  readonly atTerminal: boolean;
}

/** Three fields and one answer for all that may be wrong with them; or a passkey. */
export const SignIn = ({ api, why, enter, atTerminal }: SignInProps): ReactNode => {
  const { say } = useWords();
  const [number, setNumber] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    const reply = await api.call('console/sign-in', {
      body: { number: number.trim(), password, code: digitsOf(code) },
    });
    setBusy(false);
    if (reply.ok) return enter(reply.value);
    setFailure(reply.failure);
    setCode('');
  };
  const withPasskey = hasPasskeys() && !atTerminal;
  return (
    <Door
      wide={withPasskey}
      title={say('sign-in.title')}
      lead={say(withPasskey ? 'sign-in.lead-passkey' : 'sign-in.lead')}
    >
      {why !== 'start' && failure === undefined && (
        <Notice look="info">
          <p role="status">{say(why === 'ended' ? 'sign-in.ended' : 'sign-in.signed-out')}</p>
        </Notice>
      )}
      <div className={withPasskey ? 'doors' : undefined}>
        <form onSubmit={(event) => void submit(event)} className="form">
          <Field
            label={say('person.number')}
            value={number}
            change={setNumber}
            autoComplete="username"
            autoCapitalize="none"
            maxLength={40}
            required
            autoFocus
          />
          <Field
            label={say('sign-in.password')}
            value={password}
            change={setPassword}
            type="password"
            autoComplete="current-password"
            maxLength={256}
            required
          />
          <CodeField value={code} change={setCode} />
          <FailureNotice failure={failure} />
          <Button look="primary" type="submit" busy={busy}>
            {say('sign-in.submit')}
          </Button>
        </form>
        {withPasskey && (
          <>
            <p className="or">{say('sign-in.or')}</p>
            <PasskeyDoor api={api} enter={enter} />
          </>
        )}
      </div>
    </Door>
  );
};

const PasskeyDoor = ({ api, enter }: Pick<SignInProps, 'api' | 'enter'>): ReactNode => {
  const { say } = useWords();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [problem, setProblem] = useState<PasskeyProblem>();
  const signIn = async (): Promise<Failure | PasskeyProblem | undefined> => {
    const begun = await api.call('passkeys/begin-sign-in', { body: {} });
    if (!begun.ok) return begun.failure;
    const asked = await askPasskey(begun.value.options);
    if (!asked.ok) return asked.problem;
    const reply = await api.call('passkeys/sign-in', { body: { assertion: asked.value } });
    if (!reply.ok) return reply.failure;
    enter(reply.value);
    return undefined;
  };
  const press = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    setProblem(undefined);
    const wrong = await signIn();
    setBusy(false);
    if (wrong !== undefined && 'code' in wrong) setFailure(wrong);
    else setProblem(wrong);
  };
  return (
    <div className="other-door">
      <FailureNotice failure={failure} />
      <PasskeyNotice problem={problem} />
      <Button icon="passkey" busy={busy} onClick={() => void press()}>
        {say('sign-in.passkey')}
      </Button>
      <p className="hint">{say('sign-in.passkey-hint')}</p>
    </div>
  );
};
