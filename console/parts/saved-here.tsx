import type { ReactNode } from 'react';
import { useConsole } from '../data/use-console.ts';
import { useWords } from '../data/use-words.ts';

/** A way to a file, where a file can be kept: the window of a terminal lets none through. */
export const SavedHere = ({ children }: { readonly children: ReactNode }): ReactNode => {
  const { say } = useWords();
  const { signedIn } = useConsole();
  return signedIn.terminal === null ? children : <p className="hint">{say('saving.not-here')}</p>;
};
