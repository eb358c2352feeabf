import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { FailureNotice } from './notice.tsx';
import { RoleChecks } from './role-checks.tsx';

interface ChangePersonProps {
  readonly person: PersonSummary;
  readonly close: () => void;
}

export const ChangePerson = ({ person, close }: ChangePersonProps): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const change = useAct('people/change');
  const [number, setNumber] = useState(person.number);
  const [name, setName] = useState(person.name);
  const [kana, setKana] = useState(person.kana);
  const [roles, setRoles] = useState<readonly Role[]>(person.roles);
  const mayRoles = signedIn.person.roles.includes('admin') && signedIn.person.id !== person.id;
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const body = { number, name, kana, ...(mayRoles ? { roles: [...roles] } : {}) };
    if ((await change.send({ params: { person: person.id }, body })) !== undefined) close();
  };
  return (
    <Dialog title={say('change.title')} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <Field label={say('person.number')} value={number} change={setNumber} maxLength={40} required />
        <Field label={say('person.name')} value={name} change={setName} maxLength={80} required />
        <Field label={say('person.kana')} value={kana} change={setKana} maxLength={80} hint={say('person.kana-hint')} />
        {mayRoles && <RoleChecks roles={roles} change={setRoles} />}
        <FailureNotice failure={change.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={change.busy}>
            {say('change.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
