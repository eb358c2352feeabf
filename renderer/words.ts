import type { EmergencyReason, Way } from '#contract/cardless.ts';
import type { CeremonyProblem, CeremonyTask, Language, LockReason, NotReady, Refusal } from '#contract/screen.ts';
import en from '../assets/words/screen.en.json' with { type: 'json' };
import ja from '../assets/words/screen.ja.json' with { type: 'json' };

/** What every language says. A key that is missing in a file, or a state without words, does not compile. */
export type Words = typeof ja & {
  readonly notReady: Readonly<
    Record<NotReady, { readonly title: string; readonly detail: string; readonly act: string }>
  >;
  readonly locked: Readonly<Record<LockReason, string>>;
  readonly refused: Readonly<Record<Refusal, { readonly title: string; readonly detail: string }>>;
  readonly cardless: {
    readonly ways: Readonly<Record<Way, { readonly name: string; readonly detail: string }>>;
    readonly reasons: Readonly<Record<EmergencyReason, string>>;
  };
  readonly ceremony: Readonly<
    Record<CeremonyTask, { readonly name: string; readonly for: string; readonly done: string }>
  > & { readonly problem: Readonly<Record<CeremonyProblem, string>> };
};

const languages: Readonly<Record<Language, Words>> = { ja, en };

export const wordsOf = (language: Language): Words => languages[language];
export const otherLanguage = (language: Language): Language => (language === 'ja' ? 'en' : 'ja');

/** How the helpdesk is reached: digits alone are an extension, any other text stands as it is. */
export const helpdeskLine = ({ helpdesk }: Words, given: string): string =>
  `${helpdesk.label} ${/^[0-9]+$/.test(given) ? fill(helpdesk.extension, { number: given }) : given}`.trim();

/** Puts values into the places that a sentence names in braces. */
export const fill = (sentence: string, values: Readonly<Record<string, string | number>>): string =>
  sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
