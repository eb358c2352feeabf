import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { Role } from '#contract/api/row.ts';
import { fragmentOf } from '../data/place.ts';
import { useAct } from '../data/use-act.ts';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';
import { ApprovalAwaited } from './approval-awaited.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { RoleChecks } from './role-checks.tsx';

export const AddPerson = ({ close }: { readonly close: () => void }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  const add = useAct('people/add');
  const [number, setNumber] = useState('');
  const [name, setName] = useState('');
  const [kana, setKana] = useState('');
  const [roles, setRoles] = useState<readonly Role[]>(['clinician']);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const added = await add.send({ body: { number, name, kana, roles: [...roles] } });
    if (added === undefined) return;
    close();
    location.hash = fragmentOf({ kind: 'person', id: added.person.id });
  };
  return (
    <Dialog title={say('people.add')} close={close}>
      <form onSubmit={(event) => void submit(event)} className="form">
        <Field label={say('person.number')} value={number} change={setNumber} maxLength={40} required autoFocus />
        <Field label={say('person.name')} value={name} change={setName} maxLength={80} required />
        <Field label={say('person.kana')} value={kana} change={setKana} maxLength={80} hint={say('person.kana-hint')} />
        {signedIn.person.roles.includes('admin') && <RoleChecks roles={roles} change={setRoles} />}
        <ApprovalAwaited failure={add.failure} />
        <div className="dialog-actions">
          <Button onClick={close}>{say('common.cancel')}</Button>
          <Button look="primary" type="submit" busy={add.busy} disabled={roles.length === 0}>
            {say('people.add-submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};
