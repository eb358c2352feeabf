import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';
import { switchTo } from './tasks/seat.ts';

let world: ConsoleWorld;
let page: Page;
before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  await hands.becomeAdmin(page, world.firstAdmin);
});
after(() => world?.stop());

for (const language of ['ja', 'en'] as const)
  describe(`a terminal is announced, in ${language}`, () => {
    const say = createSaid(language);
    before(() => switchTo(page, language));

    test('into a group, by which it is found at once', async () => {
      const name = `ICU-${language}`;
      const group = `集中治療-${language}`;
      await page.goto(`${world.origin}/console/#/terminals`);
      await page.getByRole('button', { name: say('terminals.announce'), exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(say('terminals.name')).fill(name);
      await dialog.getByLabel(say('terminals.group')).fill(group);
      await assertFits(page, 'a terminal is announced');
      assert.deepEqual(await axe(page), []);
      if (language === 'ja') {
        await keep(page, 'terminal-announce');
        await switchTo(page, language);
      }
      await dialog.getByRole('button', { name: say('terminals.announce-submit') }).click();
      await dialog.getByText(say('terminals.code'), { exact: true }).waitFor();
      await dialog.getByRole('button', { name: say('common.done') }).click();
      await page.getByLabel(say('terminals.search')).fill(group);
      await page.getByRole('row', { name }).locator('.group-name', { hasText: group }).waitFor();
    });
  });
