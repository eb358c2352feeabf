import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';

const revoked = { number: '104234', name: '=鈴木 一' };
let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  const terminal = await hands.announce(world, page, '3東-NS-02');
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await hands.enrol(page, terminal, hands.badge, '58203917');
  await hands.addPerson(page, revoked);
  await hands.enrol(page, terminal, hands.spare, '58203917');
  await page.getByRole('button', { name: '末尾 E5F6 のカードを失効' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: '紛失' }).check();
  await dialog.getByRole('button', { name: 'カードを失効させる' }).click();
  await dialog.getByRole('heading', { name: 'のカード（末尾 E5F6）を失効させました' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('region', { name: 'カード', exact: true }).getByText('失効済み').waitFor();
});
after(() => world?.stop());

const hash = (): string => new URL(page.url()).hash;
const go = async (fragment: string): Promise<void> => {
  await page.evaluate((to) => {
    location.hash = to;
  }, fragment);
};
const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);

for (const language of ['ja', 'en'] as const) {
  describe(`all cards in ${language}`, () => {
    const say = createSaid(language);
    const shown = (count: number) => page.getByText(say('list.count', { shown: count, total: count })).waitFor();
    const endings = () => page.locator('main tbody td:nth-child(2)').allTextContents();

    before(async () => {
      await page.goto(`${world.origin}/console/#/terminals`);
      await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
      await page.locator(`html[lang="${language}"]`).waitFor();
    });

    test('are a page of the menu and of the palette; one is found by its ending and leads to its person', async () => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(say('nav.cards'));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: say('nav.cards'), exact: true }).waitFor();
      const link = page.getByRole('navigation').getByRole('link', { name: say('nav.cards'), exact: true });
      assert.equal(await link.getAttribute('aria-current'), 'page');
      await shown(2);
      await clean('all cards');
      if (language === 'ja') await keep(page, 'cards');
      const html = await page.content();
      for (const { identifier } of [hands.badge, hands.spare])
        assert.ok(!html.includes(identifier.slice(0, -4)), 'more of the number than its ending');
      await page.getByLabel(say('cards.search')).fill('７０８１');
      await shown(1);
      assert.deepEqual(await endings(), ['7081']);
      await page.getByLabel(say('cards.search')).fill('サトウ');
      await shown(1);
      await page.getByRole('link', { name: '佐藤 花子' }).click();
      await page.getByRole('heading', { level: 1, name: '佐藤 花子' }).waitFor();
    });

    test('are narrowed and sorted by the server, and a number that is longer than its ending is told of', async () => {
      await go('#/cards');
      await shown(2);
      await page.getByLabel(say('common.state')).selectOption({ label: say('card.state.revoked') });
      await shown(1);
      assert.deepEqual(await endings(), ['E5F6']);
      await page.getByLabel(say('cards.technology')).selectOption({ label: say('card.technology.felica') });
      await page.getByText(say('list.not-found'), { exact: true }).waitFor();
      assert.equal(hash(), '#/cards?state=revoked&technology=felica');
      await page.getByRole('button', { name: say('log.clear'), exact: true }).click();
      await shown(2);
      const ending = page.getByRole('columnheader', { name: say('loan-cards.ending') });
      await ending.getByRole('button').click();
      await until('it rises', async () => String(await endings()) === '7081,E5F6');
      await ending.getByRole('button').click();
      await until('it falls', async () => String(await endings()) === 'E5F6,7081');
      assert.equal(hash(), '#/cards?sort=ending&order=falling');
      await page.getByLabel(say('cards.search')).fill(hands.badge.identifier);
      await page.getByText(say('cards.not-found-hint')).waitFor();
      await clean('no card found');
    });

    test('are saved as a file with the person of each, those enrolled last first, without formulas', async () => {
      await go('#/cards?sort=ending');
      await shown(2);
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: say('saving.csv'), exact: true }).click(),
      ]);
      const [, first, second, end] = readFileSync(await saved.path(), 'utf8').split('\r\n');
      assert.ok(first?.includes(`,E5F6,'${revoked.name},${revoked.number},${say('cards.kind.own')},`), first);
      assert.ok(first?.includes(`,${say('card.state.revoked')},`), first);
      assert.match(
        second ?? '',
        /,7081,佐藤 花子,104233,.*,\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+09:00,$/,
        'it was not revoked',
      );
      assert.equal(end, '');
    });

    test('a filter of a list is saved under a name, opened again, and is on no other list', async () => {
      const press = (key: string, values = {}) =>
        page.getByRole('button', { name: say(key, values), exact: true }).click();
      const mine = () => page.getByRole('region', { name: say('filters.saved') });
      const dialog = () => page.getByRole('dialog');
      const name = `失効 ${language}`;
      await go('#/cards?sort=ending&state=revoked&search=鈴木');
      await shown(1);
      await press('filters.save');
      await dialog().getByText(say('filters.own-hint'), { exact: true }).waitFor();
      await dialog().getByLabel(say('filters.name')).fill(name);
      await dialog()
        .getByRole('button', { name: say('filters.save-submit'), exact: true })
        .click();
      const link = mine().getByRole('link', { name, exact: true });
      await link.waitFor();
      assert.equal(await link.getAttribute('aria-current'), 'true');
      await clean('a list with a saved filter');
      if (language === 'ja') await keep(page, 'cards-filters');
      for (const kind of ['people', 'accounts']) {
        await go(`#/${kind}?search=1`);
        await mine()
          .getByRole('button', { name: say('filters.save') })
          .waitFor();
        assert.equal(await link.count(), 0);
      }
      await go('#/cards');
      await shown(2);
      await link.click();
      await shown(1);
      assert.deepEqual(await endings(), ['E5F6']);
      assert.equal(await page.getByLabel(say('cards.search')).inputValue(), '鈴木');
      await press('filters.remove', { name });
      await link.waitFor({ state: 'detached' });
    });
  });
}

test('no script failed', () => assert.deepEqual(heard, []));
