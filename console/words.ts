import type { EventKind } from '#contract/audit.ts';
import type { FailureCode } from '#contract/errors.ts';
import type { Language } from '#contract/screen.ts';
import en from '../assets/words/console.en.json' with { type: 'json' };
import ja from '../assets/words/console.ja.json' with { type: 'json' };

export type WordKey = keyof typeof ja;
export type Values = Readonly<Record<string, string | number | undefined>>;

type Needed = Readonly<Record<WordKey | `event.${EventKind}` | `kind.${EventKind}` | `failure.${FailureCode}`, string>>;
/** A key that one language lacks, an event or a failure without words: none of them compiles. */
const tables: Readonly<Record<Language, Needed>> = { ja, en };
ja satisfies Readonly<Record<keyof typeof en, string>>;

const known = (values: Values, name: string): boolean => values[name] !== undefined && values[name] !== '';

/** Text that runs from right to left stays by itself: it turns nothing around that stands beside it (Unicode, UAX #9). */
const apart = (value: string): string =>
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u.test(value)
    ? `\u2068${value}\u2069`
    : value;

/** Fills `{name}`; a part in `[brackets]` is left out when one of its names is unknown. */
export const fill = (template: string, values: Values): string =>
  template
    .replace(/\[([^[\]]*)\]/g, (_, part: string) =>
      [...part.matchAll(/\{(\w+)\}/g)].every(([, name]) => known(values, name ?? '')) ? part : '',
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => apart(String(values[name] ?? '')));

export const hasWords = (key: string): key is WordKey => Object.hasOwn(ja, key);

export const say = (language: Language, key: keyof Needed, values: Values = {}): string =>
  fill(tables[language][key], values);

/** The first of a browser's languages that there are words for; Japanese when there is none. */
export const languageOf = (preferred: readonly string[]): Language =>
  preferred.find((tag) => /^(ja|en)\b/.test(tag))?.startsWith('en') ? 'en' : 'ja';

/** Every kind of event, in the order of the contract's table. */
export const eventKindNames = Object.keys(ja)
  .filter((key) => key.startsWith('kind.'))
  .map((key) => key.slice('kind.'.length)) as readonly EventKind[];
