import type { Page } from 'playwright';
import type { createStops } from '#setup/stops.ts';
import { rested } from '../browsers.ts';
import type { Scene } from '../scene.ts';
import type { Stage } from '../stage.ts';
import type { Teller, Telling } from '../teller.ts';
import type { TourTerminal } from '../terminal.ts';

export interface Beginning {
  readonly teller: Teller;
  /** Folder of everything that the tour starts; removed at the end. */
  readonly work: string;
  readonly stops: ReturnType<typeof createStops>;
  readonly scene: Scene;
}

/** What every later chapter finds in its place. */
export interface Tour extends Beginning {
  readonly stage: Stage;
  readonly admin: Page;
  readonly terminal: TourTerminal;
}

/** A picture of the whole display of the terminal, when this page of it has come to rest. */
export async function takeDisplay(telling: Telling, name: string, stage: Stage, page: Page): Promise<void> {
  await rested(page);
  await telling.picture(name, stage.look());
}

/** A picture of a page in somebody's browser. */
export async function takePage(telling: Telling, name: string, page: Page): Promise<void> {
  await rested(page);
  await telling.picture(name, page.screenshot({ animations: 'disabled' }));
}

/** What the heading of a page says, on one line, in the marks of a quotation. */
export async function heading(page: Page): Promise<string> {
  const words = await page.locator('h1').first().innerText();
  return `「${words.replace(/(?<=[a-z])\s*\n\s*/gi, ' ').replace(/\s*\n\s*/g, '')}」`;
}

export async function text(page: Page, selector: string): Promise<string> {
  const words = await page.locator(selector).first().innerText();
  return words.replace(/\s+/g, ' ').trim();
}

export function check(held: boolean, what: string): void {
  if (!held) throw new Error(what);
}
