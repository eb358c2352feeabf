import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Failure } from '#contract/errors.ts';
import type { Api } from '../api.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CodeField, digitsOf } from '../parts/code-field.tsx';
import { Door } from '../parts/door.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';

interface SignInProps {
  readonly api: Api;
  readonly why: 'start' | 'ended' | 'signed-out';
  readonly enter: (signedIn: SignedIn) => void;
}

/** Three fields and one answer for all that may be wrong with them. */
export const SignIn = ({ api, why, enter }: SignInProps): ReactNode => {
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
  return (
    <Door title={say('sign-in.title')} lead={say('sign-in.lead')}>
      {why !== 'start' && failure === undefined && (
        <Notice look="info">
          <p role="status">{say(why === 'ended' ? 'sign-in.ended' : 'sign-in.signed-out')}</p>
        </Notice>
      )}
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
    </Door>
  );
};
