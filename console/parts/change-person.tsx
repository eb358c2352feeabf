import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { PersonSummary } from '#contract/api/people.ts';
import type { Role } from '#contract/api/row.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { RoleChecks } from './role-checks.tsx';

interface ChangePersonProps {
  readonly person: PersonSummary;
  readonly close: () => void;
}

const sameRoles = (some: readonly Role[], others: readonly Role[]): boolean =>
  some.length === others.length && some.every((role) => others.includes(role));

export const ChangePerson = ({ person: current, close }: ChangePersonProps): ReactNode => {
  // As they were when this was opened: what is typed is compared with that.
  const [person] = useState(current);
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
    // What is left as it was found is left out: somebody else may have changed it meanwhile.
    const body = {
      ...(number === person.number ? {} : { number }),
      ...(name === person.name ? {} : { name }),
      ...(kana === person.kana ? {} : { kana }),
      ...(sameRoles(roles, person.roles) ? {} : { roles: [...roles] }),
    };
    if (Object.keys(body).length === 0) return close();
    if ((await change.send({ params: { person: person.id }, body })) !== undefined) close();
  };
  return (
    <Dialog title={say('change.title')} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <Field label={say('person.number')} value={number} change={setNumber} maxLength={40} required />
        <Field label={say('person.name')} value={name} change={setName} maxLength={80} required />
        <Field label={say('person.kana')} value={kana} change={setKana} maxLength={80} hint={say('person.kana-hint')} />
        {mayRoles && <RoleChecks roles={roles} change={setRoles} />}
        <ApprovalAwaited failure={change.failure} />
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
