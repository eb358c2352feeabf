import type { ReactNode } from 'react';
import type { PasskeyProblem } from '../data/passkeys.ts';
import { useWords } from '../data/use-words.ts';
import { Notice } from './notice.tsx';

/** Why a passkey was not used or made, and what to do next. */
export const PasskeyNotice = ({ problem }: { readonly problem: PasskeyProblem | undefined }): ReactNode => {
  const { say } = useWords();
  if (problem === undefined) return null;
  return (
    <Notice look={problem.why === 'cancelled' ? 'warn' : 'bad'} alert>
      <p>{say(`passkey.problem.${problem.why}`, { host: problem.host })}</p>
    </Notice>
  );
};
