import type { ReactNode } from 'react';
import { useWords } from '../data/use-words.ts';

const names = { ja: '日本語', en: 'English' } as const;

/** Each language named in itself. */
export const LanguageSwitch = (): ReactNode => {
  const { language, choose, say } = useWords();
  return (
    <fieldset className="languages">
      <legend className="visually-hidden">{say('common.language')}</legend>
      {(['ja', 'en'] as const).map((one) => (
        <button key={one} type="button" lang={one} aria-pressed={one === language} onClick={() => choose(one)}>
          {names[one]}
        </button>
      ))}
    </fieldset>
  );
};
