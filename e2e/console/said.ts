import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '#setup/paths.ts';

export type Language = 'ja' | 'en';
export type Said = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** The console's words by their keys, so that one story is played in both languages. A part in brackets goes without its values. */
export const createSaid = (language: Language): Said => {
  const words = JSON.parse(readFileSync(join(root, 'assets', 'words', `console.${language}.json`), 'utf8')) as Readonly<
    Record<string, string>
  >;
  return (key, values = {}) => {
    const template = words[key];
    if (template === undefined) throw new Error(`no words for ${key} in ${language}`);
    const known = (name: string): boolean => values[name] !== undefined;
    return template
      .replace(/\[([^[\]]*)\]/g, (_, part: string) =>
        [...part.matchAll(/\{(\w+)\}/g)].every(([, name]) => known(name ?? '')) ? part : '',
      )
      .replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  };
};
