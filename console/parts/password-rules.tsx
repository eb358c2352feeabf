import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';
import { Icon } from './icon.tsx';

const shortest = 12;

/** The rules that a page can tell while somebody types; the server knows more and decides. */
export const PasswordRules = ({
  password,
  about,
}: {
  readonly password: string;
  readonly about: readonly string[];
}): ReactNode => {
  const { say } = useWords();
  const folded = password.normalize('NFKC').toLowerCase();
  const personal = about.some((word) => word.length >= 3 && folded.includes(word.normalize('NFKC').toLowerCase()));
  const rules = [
    { met: [...password].length >= shortest, words: say('password.long', { shortest }) },
    { met: new Set(password).size >= 5, words: say('password.varied') },
    { met: password !== '' && !personal, words: say('password.personal') },
  ];
  return (
    <>
      <ul className="rules">
        {rules.map(({ met, words }) => (
          <li key={words} className={met ? 'met' : 'open'}>
            <Icon name={met ? 'check' : 'dot'} />
            <span>{words}</span>
            {met && <span className="visually-hidden">{say('password.met')}</span>}
          </li>
        ))}
      </ul>
      <p>{say('password.free')}</p>
    </>
  );
};
