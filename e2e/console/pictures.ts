import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { root } from '#setup/paths.ts';
import { axe } from './console-world.ts';

const folder = join(root, 'dist', 'gallery', 'console');
mkdirSync(folder, { recursive: true });

/** A state of the page: axe finds nothing, and its picture is in dist/gallery/console/ in both languages. */
export async function keep(page: Page, name: string): Promise<void> {
  assert.deepEqual(await axe(page), [], name);
  for (const language of ['en', 'ja']) {
    // An open dialog makes the switch inert for fingers; the page itself may still press it.
    await page.evaluate(
      (lang) => document.querySelector<HTMLElement>(`.languages [lang="${lang}"]`)?.click(),
      language,
    );
    await page.locator(`html[lang="${language}"]`).waitFor();
    const fullPage = (await page.getByRole('dialog').count()) === 0;
    await page.screenshot({ path: join(folder, `${name}.${language}.png`), fullPage, animations: 'disabled' });
  }
}

/** What goes on paper, in both languages; answers its text. */
export async function keepPrint(page: Page, name: string): Promise<string> {
  await page.emulateMedia({ media: 'print' });
  await keep(page, name);
  const text = await page.locator('body').innerText();
  await page.emulateMedia({ media: 'screen' });
  return text;
}

/** Counts what somebody does with their hands from now on: presses, and fields that they fill or choose from. */
export async function countActions(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    let count = 0;
    addEventListener('pointerdown', () => (count += 1), true);
    addEventListener(
      'change',
      ({ target }) => (count += (target as Element).matches('[type=radio], [type=checkbox]') ? 0 : 1),
      true,
    );
    Object.assign(globalThis, { actions: () => count });
  });
  return () => page.evaluate(() => (globalThis as unknown as { actions(): number }).actions());
}

/** Whether the browser was asked to print; nothing goes to a printer. */
export async function catchPrint(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    let prints = 0;
    Object.assign(globalThis, { print: () => (prints += 1), prints: () => prints });
  });
  return () => page.evaluate(() => (globalThis as unknown as { prints(): number }).prints());
}
