import type { ReactNode } from 'react';
import type { IdentityProof } from '#contract/api/people.ts';
import { useWords } from '../data/use-words.ts';
import { Radios } from './radios.tsx';

export const proofs = [
  'photo-identification',
  'staff-card',
  'known-in-person',
  'supervisor',
] as const satisfies readonly IdentityProof[];

interface IdentityChoiceProps {
  readonly value: IdentityProof | undefined;
  readonly change: (value: IdentityProof) => void;
  readonly first?: boolean;
}

/** How it was checked who stands at the desk; it goes into the log. */
export const IdentityChoice = ({ value, change, first = false }: IdentityChoiceProps): ReactNode => {
  const { say } = useWords();
  return (
    <Radios
      legend={say('identity.legend')}
      options={proofs.map((proof) => ({ value: proof, label: say(`identity.${proof}`) }))}
      value={value}
      change={change}
      first={first}
    />
  );
};
