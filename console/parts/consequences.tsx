import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';

/** What a deed will do, one sentence each. */
export const Consequences = ({ lines }: { readonly lines: readonly string[] }): ReactNode => {
  const { say } = useWords();
  return (
    <div className="consequences">
      <p>{say('revoke.will')}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
};
