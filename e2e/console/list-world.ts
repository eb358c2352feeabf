import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';

/** So many people with a number beside the first admin. */
export const many = 120;
export const numberOf = (index: number): string => `N-${String(index).padStart(3, '0')}`;

export interface ListWorld extends Pick<ConsoleWorld, 'stop'> {
  /** An admin's. */
  readonly page: Page;
  /** What the page complained of. */
  readonly heard: readonly string[];
  /** Beside what the page does by itself, as somebody else at another desk. */
  post(path: string, ...bodies: readonly object[]): Promise<void>;
  hash(): string;
  go(fragment: string): Promise<void>;
  cells(column: number): Promise<readonly string[]>;
  /** The label of the field, or the words of what else has the focus. */
  focused(): Promise<string | null | undefined>;
  clean(what: string): Promise<void>;
  /** Has the page in this language. */
  speak(language: 'ja' | 'en'): Promise<void>;
}

/** A console with lists of many. */
export async function createListWorld(): Promise<ListWorld> {
  const world = await createConsoleWorld();
  try {
    return await fill(world);
  } catch (error) {
    await world.stop();
    throw error;
  }
}

async function fill(world: ConsoleWorld): Promise<ListWorld> {
  const page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  const heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  // Out of order, so that no order comes by itself.
  const lines = Array.from({ length: many }, (_, index) => `${numberOf((index * 37) % many)},並び ${index % 5},`);
  await page.goto(`${world.origin}/console/#/import`);
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`職員番号,氏名,フリガナ\n${lines.join('\n')}\n`),
  });
  await page.getByRole('button', { name: '内容を確認' }).click();
  await page.getByRole('button', { name: 'この内容で取り込む' }).click();
  await page.getByText(`取り込みました：追加 ${many} 人`).waitFor();
  return {
    page,
    heard,
    stop: () => world.stop(),
    post: (path, ...bodies) =>
      page.evaluate(
        async ({ to, all }) => {
          const me = (await (await fetch('/v1/console/me')).json()) as { csrf: string };
          const headers = { 'content-type': 'application/json', 'x-kazasu-csrf': me.csrf };
          for (const body of all) {
            const answer = await fetch(to, { method: 'POST', headers, body: JSON.stringify(body) });
            if (!answer.ok) throw new Error(await answer.text());
          }
        },
        { to: path, all: bodies },
      ),
    hash: () => new URL(page.url()).hash,
    go: (fragment) =>
      page.evaluate((to) => {
        location.hash = to;
      }, fragment),
    cells: (column) =>
      page
        .locator('main tbody tr')
        .evaluateAll(
          (rows, at) => rows.map((row) => row.querySelectorAll(':scope > :not(.choose)')[at]?.textContent ?? ''),
          column,
        ),
    focused: () =>
      page.evaluate(() => {
        const element = document.activeElement;
        return element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element?.textContent;
      }),
    clean: async (what) => assert.deepEqual(await axe(page), [], what),
    speak: async (language) => {
      await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
      await page.locator(`html[lang="${language}"]`).waitFor();
    },
  };
}
