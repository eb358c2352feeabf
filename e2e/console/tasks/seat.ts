import type { Page } from 'playwright';
import type { Counted } from '../counted.ts';
import { createSaid, type Language } from '../said.ts';
import type { ScriptedTerminal } from '../scripted-terminal.ts';

/** Where somebody sits: a page of the console, whatever shows it, and a terminal that does what a test says. */
export interface Seat {
  readonly page: Page;
  readonly terminal: ScriptedTerminal;
}

/** How a task is done: where, in which language, and by pointer or by keys. */
export interface Way {
  readonly language: Language;
  readonly seat: () => Seat;
  readonly hands: (page: Page) => Counted;
}

export const switchTo = async (page: Page, language: Language): Promise<void> => {
  // The switch is in the menu, which may be folded.
  await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
  await page.locator(`html[lang="${language}"]`).waitFor();
};

/** To a page by the menu, which is folded where there is little room. */
export const goTo = async ({ language, seat, hands }: Way, room: string): Promise<void> => {
  const { page } = seat();
  const say = createSaid(language);
  const hand = hands(page);
  const folded = page.getByRole('button', { name: say('nav.menu'), exact: true });
  if (await folded.isVisible()) await hand.click(folded);
  const menu = page.getByRole('navigation', { name: say('nav.label') });
  await hand.click(menu.getByRole('link', { name: say(room), exact: true }));
  await page.getByRole('heading', { level: 1, name: say(room), exact: true }).waitFor();
};
