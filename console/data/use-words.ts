import { createContext, useContext } from 'react';
import type { Language } from '#contract/screen.ts';
import { hasWords, say, type Values, type WordKey } from '../words.ts';

export interface Words {
  readonly language: Language;
  readonly choose: (language: Language) => void;
  readonly say: (key: Parameters<typeof say>[1], values?: Values) => string;
  /** Words for a code that the server may extend, such as a reason; `undefined` when there are none. */
  readonly tryNamed: (area: string, code: string) => string | undefined;
}

export const wordsIn = (language: Language, choose: (language: Language) => void): Words => ({
  language,
  choose,
  say: (key, values) => say(language, key, values),
  tryNamed: (area, code) => {
    const key: string = `${area}.${code}`;
    return hasWords(key) ? say(language, key satisfies WordKey) : undefined;
  },
});

const context = createContext<Words>(wordsIn('ja', () => {}));
export const WordsProvider = context.Provider;
export const useWords = (): Words => useContext(context);
