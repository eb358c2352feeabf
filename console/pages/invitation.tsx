import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from 'react';
import type { SignedIn } from '#contract/api/console.ts';
import type { Answer } from '#contract/api/index.ts';
import type { Failure, FailureCode } from '#contract/errors.ts';
import type { Api } from '../api.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from '../parts/button.tsx';
import { CodeField, digitsOf } from '../parts/code-field.tsx';
import { Door } from '../parts/door.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { PasswordRules } from '../parts/password-rules.tsx';
import { TotpScan } from '../parts/totp-scan.tsx';

type Opened = Answer<'console/open-invitation'>;

interface InvitationProps {
  readonly api: Api;
  readonly code: string;
  readonly enter: (signedIn: SignedIn) => void;
  readonly leave: () => void;
}

/** A one-time link: the first admin, or a person who gets a console password of their own. */
export const Invitation = ({ api, code, enter, leave }: InvitationProps): ReactNode => {
  const { say } = useWords();
  const [opened, setOpened] = useState<Opened>();
  const [failure, setFailure] = useState<Failure>();
  useEffect(() => {
    let gone = false;
    void api.call('console/open-invitation', { body: { code } }).then((reply) => {
      if (gone) return;
      if (reply.ok) setOpened(reply.value);
      else setFailure(reply.failure);
    });
    return () => {
      gone = true;
    };
  }, [api, code]);
  if (opened === undefined) {
    return (
      <Door title={say('invitation.title')}>
        {failure === undefined ? <p role="status">{say('common.loading')}</p> : <FailureNotice failure={failure} />}
        {failure !== undefined && (
          <>
            {failure.code === 'ENROLMENT_REFUSED' && <p className="hint">{say('invitation.refused-hint')}</p>}
            <Button onClick={leave}>{say('invitation.to-sign-in')}</Button>
          </>
        )}
      </Door>
    );
  }
  return <AcceptForm api={api} code={code} opened={opened} enter={enter} />;
};

const AcceptForm = ({
  api,
  code,
  opened: { person, uri },
  enter,
}: { readonly opened: Opened } & Omit<InvitationProps, 'leave'>): ReactNode => {
  const { say } = useWords();
  const [number, setNumber] = useState('');
  const [name, setName] = useState('');
  const [kana, setKana] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [totp, setTotp] = useState('');
  const [different, setDifferent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setFailure(undefined);
    setDifferent(password !== again);
    if (password !== again) return;
    setBusy(true);
    const reply = await api.call('console/accept-invitation', {
      body: { code, password, totp: digitsOf(totp), ...(person === null ? { number, name, kana } : {}) },
    });
    setBusy(false);
    if (reply.ok) return enter(reply.value);
    setFailure(reply.failure);
  };
  const errorOf = (...codes: readonly FailureCode[]): string | undefined =>
    failure !== undefined && codes.includes(failure.code) ? say(`failure.${failure.code}`) : undefined;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (failure !== undefined || different) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [failure, different]);
  const about = person === null ? [number, name, kana] : [person.number, person.name, person.kana];
  return (
    <Door
      wide
      title={say(person === null ? 'invitation.first-title' : 'invitation.title')}
      lead={
        person === null
          ? say('invitation.first-lead')
          : say('invitation.lead', { name: person.name, number: person.number })
      }
    >
      <form onSubmit={(event) => void submit(event)} className="form columns" ref={form}>
        <div className="column">
          {person === null && (
            <fieldset>
              <legend>{say('invitation.who')}</legend>
              <Field
                label={say('person.number')}
                value={number}
                change={setNumber}
                error={errorOf('PERSON_NUMBER_TAKEN')}
                autoComplete="username"
                autoCapitalize="none"
                maxLength={40}
                required
                autoFocus
              />
              <Field
                label={say('person.name')}
                value={name}
                change={setName}
                autoComplete="name"
                maxLength={80}
                required
              />
              <Field
                label={say('person.kana')}
                value={kana}
                change={setKana}
                maxLength={80}
                hint={say('person.kana-hint')}
              />
            </fieldset>
          )}
          <fieldset>
            <legend>{say('invitation.password')}</legend>
            <Field
              label={say('invitation.new-password')}
              value={password}
              change={setPassword}
              type="password"
              autoComplete="new-password"
              maxLength={256}
              required
              error={errorOf('PASSWORD_WEAK')}
              hint={<PasswordRules password={password} about={about} />}
            />
            <Field
              label={say('invitation.password-again')}
              value={again}
              change={setAgain}
              type="password"
              autoComplete="new-password"
              maxLength={256}
              required
              error={different ? say('invitation.password-different') : undefined}
            />
          </fieldset>
        </div>
        <div className="column">
          <fieldset>
            <legend>{say('invitation.totp')}</legend>
            <TotpScan uri={uri} />
            <CodeField value={totp} change={setTotp} error={errorOf('TOTP_WRONG')} />
          </fieldset>
          {shownAtField(failure) || <FailureNotice failure={failure} />}
          <Button look="primary" type="submit" busy={busy}>
            {say('invitation.submit')}
          </Button>
        </div>
      </form>
    </Door>
  );
};

const shownAtField = (failure: Failure | undefined): boolean =>
  failure?.code === 'PASSWORD_WEAK' || failure?.code === 'TOTP_WRONG' || failure?.code === 'PERSON_NUMBER_TAKEN';
