import type { ReactNode } from 'react';
import type { Role } from '#contract/api/row.ts';
import { useWords } from '../data/use-words.ts';

const given: readonly Role[] = ['clinician', 'helpdesk', 'admin', 'auditor', 'operator'];

interface RoleChecksProps {
  readonly roles: readonly Role[];
  readonly change: (roles: readonly Role[]) => void;
}

/** Which roles somebody has, with what each may do. */
export const RoleChecks = ({ roles, change }: RoleChecksProps): ReactNode => {
  const { say } = useWords();
  const toggle = (role: Role): void =>
    change(given.filter((one) => (one === role ? !roles.includes(one) : roles.includes(one))));
  return (
    <fieldset className="checks">
      <legend>{say('person.roles')}</legend>
      {given.map((role) => (
        <label key={role} className="check">
          <input type="checkbox" checked={roles.includes(role)} onChange={() => toggle(role)} />
          <span>
            {say(`role.${role}`)}
            <small>{say(`role.${role}.may`)}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
};
