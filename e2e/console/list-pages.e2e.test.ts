import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { until } from '../world.ts';
import { createListWorld, type ListWorld, many, numberOf } from './list-world.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';

const kinds = [
  'people',
  'cards',
  'loan-cards',
  'terminals',
  'revocations',
  'approvals',
  'emergency-codes',
  'reviews',
  'periodic-reviews',
  'backups',
] as const;
let world: ListWorld;
let page: Page;

before(async () => {
  world = await createListWorld();
  ({ page } = world);
  await world.post(
    '/v1/terminals',
    ...Array.from({ length: 60 }, (_, index) => ({
      name: `${index % 2 === 0 ? '東' : '=西'}-${String(index).padStart(2, '0')}`,
      place: `${index % 3}階`,
    })),
  );
  for (const count of [1, 2, 3])
    await assert.rejects(world.post('/v1/emergency-codes', { group: '', count, note: '' }), /APPROVAL_NEEDED/);
});
after(() => world?.stop());

for (const language of ['ja', 'en'] as const) {
  describe(`lists in ${language}`, () => {
    const say = createSaid(language);
    const button = (key: string, values = {}) => page.getByRole('button', { name: say(key, values), exact: true });
    const head = (key: string) => page.getByRole('columnheader', { name: say(key) });

    before(async () => {
      await world.speak(language);
    });

    test('a head sorts the whole list on the server, both ways, over all pages, and the address keeps it', async () => {
      await world.go('#/people?search=N-');
      await page.getByText(say('list.count', { shown: 50, total: many })).waitFor();
      await head('person.number').getByRole('button').click();
      await until('it falls', async () => world.hash() === '#/people?search=N-&sort=number&order=falling');
      await until('the last is on top', async () => (await world.cells(1))[0] === numberOf(many - 1));
      assert.equal(await head('person.number').getAttribute('aria-sort'), 'descending');
      for (const shown of [100, many]) {
        await button('list.more').click();
        await page.getByText(say('list.count', { shown, total: many })).waitFor();
      }
      assert.equal(await button('list.more').count(), 0);
      const falling = Array.from({ length: many }, (_, index) => numberOf(many - 1 - index));
      assert.deepEqual(await world.cells(1), falling);
      await world.clean('a sorted list');
      await page.reload();
      await until('the order is kept', async () => (await world.cells(1))[0] === numberOf(many - 1));
      await head('person.number').getByRole('button').click();
      await until('it rises', async () => (await world.cells(1))[0] === numberOf(0));
      assert.equal(await head('person.number').getAttribute('aria-sort'), 'ascending');
      await head('person.name').getByRole('button').click();
      await until('by name', async () => world.hash() === '#/people?search=N-&sort=name&order=rising');
      await until('alike names are together', async () => {
        const names = await world.cells(0);
        return names.join() === names.toSorted().join();
      });
    });

    test('the file holds what the filter lets through, in one order however the page is sorted, without formulas', async () => {
      await world.go('#/terminals?search=西&sort=name&order=falling');
      await page.getByText(say('list.count', { shown: 30, total: 30 })).waitFor();
      const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
      await page.getByText(say('saving.saved', { count: 30, name: saved.suggestedFilename() })).waitFor();
      const lines = readFileSync(await saved.path(), 'utf8').split('\r\n');
      assert.equal(lines.length, 32);
      assert.ok(lines[0]?.startsWith(`\uFEFF${say('terminals.name')},${say('terminals.place')},`), lines[0]);
      const names = lines.slice(1, -1).map((line) => line.split(',')[0]);
      assert.deepEqual(
        names,
        Array.from({ length: 30 }, (_, index) => `'=西-${String(index * 2 + 1).padStart(2, '0')}`),
      );
      assert.ok(lines[1]?.includes(`,${say('terminals.state.announced')},`), lines[1]);
      await world.clean('a saved list');
    });

    test('what a file of another filter came to is gone with that filter', async () => {
      await world.go('#/terminals?search=西');
      await page.getByText(say('list.count', { shown: 30, total: 30 })).waitFor();
      const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
      const told = page.getByText(say('saving.saved', { count: 30, name: saved.suggestedFilename() }));
      await told.waitFor();
      await world.go('#/terminals?search=東');
      await told.waitFor({ state: 'detached' });
    });

    test('a terminal is given a group, by which it is found, and another name that is taken is refused', async () => {
      const group = `集中治療-${language}`;
      await world.go('#/terminals?search=東');
      const named = say('terminals.change-one', { name: '東-00' });
      await page.getByRole('button', { name: named }).click();
      await page.getByRole('dialog', { name: named }).getByLabel(say('terminals.group')).fill(group);
      await world.clean('a terminal is changed');
      const name = page.getByRole('dialog').getByLabel(say('terminals.name'));
      await name.fill('=西-01');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: say('change.submit') })
        .click();
      await page.getByText(say('failure.TERMINAL_NAME_TAKEN')).waitFor();
      await name.fill('東-00');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: say('change.submit') })
        .click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByLabel(say('terminals.search')).fill(group);
      await page.getByText(say('list.count', { shown: 1, total: 1 })).waitFor();
      await page.locator('.group-name', { hasText: group }).waitFor();
      if (language === 'ja') await keep(page, 'terminal-in-a-group');
    });

    test('a search and a state narrow it as one types, and nothing found says so with a way back', async () => {
      await world.go('#/terminals');
      await page.getByText(say('list.count', { shown: 50, total: 60 })).waitFor();
      await page.getByLabel(say('terminals.search')).fill('２階');
      await page.getByText(say('list.count', { shown: 20, total: 20 })).waitFor();
      assert.equal(decodeURIComponent(world.hash()), '#/terminals?search=２階');
      const region = page.locator('.list-head [role="status"]');
      assert.equal(await region.textContent(), say('list.count', { shown: 20, total: 20 }));
      const readOut = await region.elementHandle();
      await page.getByLabel(say('common.state')).selectOption({ label: say('terminals.state.revoked') });
      await page.getByText(say('list.not-found'), { exact: true }).waitFor();
      // What comes into a region that was there before is read out; one that comes with its words is not.
      assert.ok((await readOut?.textContent())?.startsWith(say('list.not-found')));
      assert.equal(await readOut?.evaluate((element) => element.isConnected), true);
      await world.clean('nothing found');
      if (language === 'ja') await keep(page, 'list-not-found');
      await button('log.clear').press('Enter');
      assert.equal(await world.focused(), say('terminals.search'));
      await page.getByText(say('list.count', { shown: 50, total: 60 })).waitFor();
      assert.equal(await page.getByLabel(say('terminals.search')).inputValue(), '');
      assert.equal(world.hash(), '#/terminals');
      if (language === 'ja') await keep(page, 'list-sorted');
    });

    test('acts that take two are searched, narrowed, sorted and saved; those asked for last come first', async () => {
      const abouts = async () =>
        (await page.locator('main ol > li .line-more').allTextContents()).map((line) => line.slice(0, 3));
      const come = (...expected: readonly string[]) =>
        until(`${expected} come`, async () => String(await abouts()) === String(expected));
      await world.go('#/approvals');
      await come(': 3', ': 2', ': 1');
      await page.getByLabel(say('people.sort')).selectOption({ label: say('list.sort.oldest') });
      await come(': 1', ': 2', ': 3');
      assert.equal(world.hash(), '#/approvals?sort=asked&order=rising');
      await world.clean('acts that take two');
      await page.getByLabel(say('approvals.search')).fill(': 2');
      await come(': 2');
      await page.getByLabel(say('approvals.what')).selectOption({ label: say('approvals.act.policy') });
      await page.getByText(say('list.not-found'), { exact: true }).waitFor();
      await button('log.clear').click();
      await page.getByLabel(say('common.state')).selectOption({ label: say('approvals.state.waiting') });
      await come(': 3', ': 2', ': 1');
      const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
      const lines = readFileSync(await saved.path(), 'utf8')
        .split('\r\n')
        .slice(1, -1);
      assert.deepEqual(
        lines.map((line) => line.split(',').slice(1, 7)),
        [3, 2, 1].map((count) => [
          say('approvals.act.emergency-codes'),
          '',
          '',
          `: ${count}`,
          '管理 一郎',
          say('approvals.state.waiting'),
        ]),
      );
    });

    test('every list can keep a filter, and has its file, with a head of its own, also where it is empty', async () => {
      for (const kind of kinds) {
        await world.go(`#/${kind}`);
        await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
        const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
        assert.match(saved.suggestedFilename(), new RegExp(`^kazasu-${kind}-\\d{4}-\\d\\d-\\d\\d\\.csv$`));
        assert.match(readFileSync(await saved.path(), 'utf8'), /^\uFEFF[^\r\n]+,[^\r\n]+\r\n/);
        await world.go(`#/${kind}?search=1`);
        await button('filters.save').waitFor();
      }
    });
  });
}

test('no script failed', () => assert.deepEqual(world.heard, []));
