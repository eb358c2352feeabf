import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { roles } from '#contract/api/row.ts';
import { root } from '#setup/paths.ts';
import { createSaid, type Language } from './said.ts';

interface Guide {
  readonly lead: string;
  readonly tasks: readonly { readonly title: string; readonly steps: readonly string[]; readonly picture?: string }[];
}

export const guideFolder = join(root, 'docs', 'guides');

/** The approved picture of the lock screen stands for the clinician's. */
const pictureOf = (name: string, language: Language): string =>
  name === 'clinician-ready' ? `../../e2e/gallery/approved/1024x768/ready.${language}.png` : `${name}.${language}.jpg`;

const more = {
  ja: {
    other: 'English',
    home: '管理コンソールの「使い方」と同じ内容です。`npm run guides` で画像とともに作り直せます。',
  },
  en: {
    other: '日本語',
    home: 'The same as “Help” in the console. `npm run guides` makes it anew, with its pictures.',
  },
} as const;

/** A guide as a page, from the words that the console itself shows. */
const write = (role: string, { lead, tasks }: Guide, language: Language): string => {
  const say = createSaid(language);
  const other = language === 'ja' ? 'en' : 'ja';
  const named = (step: string): string => step.replace(/\{([\w.-]+)\}/g, (_, key: string) => say(key));
  const parts = tasks.map(({ title, steps, picture }) =>
    [
      `## ${title}`,
      steps.map((step, place) => `${place + 1}. ${named(step)}`).join('\n'),
      ...(picture === undefined ? [] : [`![${title}](${pictureOf(picture, language)})`]),
    ].join('\n\n'),
  );
  const title = say('help.for', { role: say(`role.${role}`) });
  return `${[`# ${title}`, lead, `[${more[language].other}](${role}.${other}.md) · ${more[language].home}`, ...parts].join('\n\n')}\n`;
};

/** File names and what belongs into them. */
export const guidePages = (): ReadonlyMap<string, string> => {
  const pages = new Map<string, string>();
  for (const language of ['ja', 'en'] as const) {
    const guides = JSON.parse(
      readFileSync(join(root, 'assets', 'words', `guides.${language}.json`), 'utf8'),
    ) as Readonly<Record<string, Guide>>;
    for (const role of roles) {
      const guide = guides[role];
      if (guide !== undefined) pages.set(`${role}.${language}.md`, write(role, guide, language));
    }
  }
  return pages;
};
