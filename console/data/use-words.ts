import { createContext, useContext } from 'react';
import type { Language } from '#contract/screen.ts';
import { hasWords, say, type Values, type WordKey } from '../words.ts';

export interface Words {
  readonly language: Language;
  readonly choose: (language: Language) => void;
  readonly say: (key: Parameters<typeof say>[1], values?: Values) => string;
  /** Words for a code that the server may extend, such as a reason; the code itself when there are none. */
  readonly named: (area: string, code: string) => string;
}

export const wordsIn = (language: Language, choose: (language: Language) => void): Words => ({
  language,
  choose,
  say: (key, values) => say(language, key, values),
  named: (area, code) => {
    const key: string = `${area}.${code}`;
    return hasWords(key) ? say(language, key satisfies WordKey) : code;
  },
});

const context = createContext<Words>(wordsIn('ja', () => {}));
export const WordsProvider = context.Provider;
export const useWords = (): Words => useContext(context);
