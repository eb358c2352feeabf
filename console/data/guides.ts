import type { Role } from '#contract/api/row.ts';
import type { Language } from '#contract/screen.ts';
import en from '../../assets/words/guides.en.json' with { type: 'json' };
import ja from '../../assets/words/guides.ja.json' with { type: 'json' };
import { hasWords, say } from '../words.ts';

export interface Task {
  readonly title: string;
  readonly steps: readonly string[];
  /** A picture in the documents; the page itself shows none. */
  readonly picture?: string;
}
export interface Guide {
  readonly lead: string;
  readonly tasks: readonly Task[];
}

const guides: Readonly<Record<Language, Readonly<Record<Role, Guide>>>> = { ja, en };

/** How to, for a role. What stands in `{braces}` is the console's own word for it, so that a guide names what is on the page. */
export const guideOf = (role: Role, language: Language): Guide => {
  const { lead, tasks } = guides[language][role];
  const named = (step: string): string =>
    step.replace(/\{([\w.-]+)\}/g, (given, key: string) => (hasWords(key) ? say(language, key) : given));
  return { lead, tasks: tasks.map((task) => ({ ...task, steps: task.steps.map(named) })) };
};
