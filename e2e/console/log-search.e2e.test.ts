import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Locator, Page } from 'playwright';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid, type Language } from './said.ts';

/** What a spreadsheet would run. */
const formula = '=cmd|"/c calc"!A1';
let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  await hands.addPerson(page, { number: '-1+1', name: formula, kana: '' });
});
after(() => world?.stop());

const sentences = (): Promise<readonly string[]> => page.locator('.event-words').allTextContents();
const hasFocus = (what: Locator): Promise<boolean> => what.evaluate((element) => element === document.activeElement);
const hash = (): string => new URL(page.url()).hash;
const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);

for (const language of ['ja', 'en'] as const) {
  describe(`the log in ${language}`, () => {
    const say = createSaid(language);
    const press = (key: string, values = {}) =>
      page.getByRole('button', { name: say(key, values), exact: true }).click();
    const period = () => page.getByLabel(say('log.period'), { exact: true });
    const shown = () => page.locator('.shown-range');

    before(async () => {
      await page.evaluate(
        (to: Language) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(),
        language,
      );
      await page.evaluate(() => {
        location.hash = '#/log';
      });
      await page.getByRole('heading', { level: 1, name: say('nav.log') }).waitFor();
    });

    test('named times show what was written then, with the moments on hover, and stand in the address', async () => {
      await period().selectOption({ label: say('log.period.yesterday') });
      await page.getByText(say('log.not-found')).waitFor();
      assert.equal(hash(), '#/log?period=yesterday');
      assert.match((await shown().locator('time').first().getAttribute('title')) ?? '', /00:00:00\.000 \+09:00$/);
      for (const one of ['today', 'week', 'month'] as const) {
        await period().selectOption({ label: say(`log.period.${one}`) });
        await page.locator('.event-words').first().waitFor();
        assert.equal(hash(), `#/log?period=${one}`);
      }
      await clean('a named time');
    });

    test('a time of one’s own is kept by a reload, and one that ends before it begins is told at its field', async () => {
      await period().selectOption({ label: say('log.period.own') });
      const [from, to] = [page.getByLabel(say('log.from')), page.getByLabel(say('log.to'))];
      await from.fill('2026-01-02T10:00');
      await to.fill('2026-01-02T09:00');
      await page.getByText(say('log.period-turned')).waitFor();
      await press('log.apply-period');
      assert.doesNotMatch(hash(), /2026-01-02/);
      await to.fill('2026-01-02T10:30');
      await press('log.apply-period');
      await page.getByText(say('log.not-found')).waitFor();
      assert.equal(hash(), '#/log?from=2026-01-02T10%3A00&to=2026-01-02T10%3A30');
      await page.reload();
      await page.getByText(say('log.not-found')).waitFor();
      assert.equal(await from.inputValue(), '2026-01-02T10:00');
      assert.match(
        (await shown().locator('time').last().getAttribute('title')) ?? '',
        /^2026-01-02 10:30:00\.000 \+09:00$/,
      );
      await clean('a time of one’s own');
      if (language === 'ja') await keep(page, 'log-period');
    });

    test('a filter is saved under a name, opened, renamed, removed and put back', async () => {
      const mine = () => page.getByRole('region', { name: say('filters.saved') });
      const dialog = () => page.getByRole('dialog');
      await page.evaluate(() => {
        location.hash = '#/log?kind=person.added&period=today';
      });
      await press('filters.save');
      await dialog().getByLabel(say('filters.name')).fill(`<b>${language}</b>`);
      await clean('naming a filter');
      await dialog()
        .getByRole('button', { name: say('filters.save-submit'), exact: true })
        .click();
      await mine()
        .getByRole('link', { name: `<b>${language}</b>`, exact: true })
        .waitFor();
      await press('log.clear');
      await page.getByRole('button', { name: say('log.clear') }).waitFor({ state: 'detached' });
      assert.equal(await hasFocus(page.getByLabel(say('log.support-code'), { exact: true })), true);
      assert.equal(await page.getByRole('button', { name: say('filters.rename') }).count(), 0);
      await page.reload();
      await mine()
        .getByRole('link', { name: `<b>${language}</b>`, exact: true })
        .click();
      await page.waitForFunction(() => location.hash === '#/log?kind=person.added&period=today');
      await press('filters.rename');
      await dialog().getByLabel(say('filters.name')).fill('夜勤');
      await dialog()
        .getByRole('button', { name: say('filters.rename-submit'), exact: true })
        .click();
      await mine().getByRole('link', { name: '夜勤', exact: true }).waitFor();
      await press('filters.remove', { name: '夜勤' });
      await mine()
        .getByText(say('filters.removed', { name: '夜勤' }))
        .waitFor();
      assert.equal(await mine().getByRole('link').count(), 0);
      assert.equal(await hasFocus(mine().getByRole('button', { name: say('filters.undo') })), true);
      await clean('a removed filter');
      await press('filters.undo');
      await mine().getByRole('link', { name: '夜勤', exact: true }).waitFor();
      assert.equal(await hasFocus(mine().getByRole('link', { name: '夜勤', exact: true })), true);
      if (language === 'ja') await keep(page, 'log-filters');
      await press('filters.remove', { name: '夜勤' });
      await mine().getByRole('link', { name: '夜勤', exact: true }).waitFor({ state: 'detached' });
    });

    test('what the filter shows is saved as CSV without formulas and as JSON Lines, and the log says so', async () => {
      await page.locator('.save-log-title').click();
      const save = async (key: string): Promise<string> => {
        const [saved] = await Promise.all([page.waitForEvent('download'), press(key)]);
        await page.getByText(say('saving.saved', { count: 2, name: saved.suggestedFilename() })).waitFor();
        return readFileSync(await saved.path(), 'utf8');
      };
      const csv = await save('log.save-csv');
      await clean('a saved file');
      const [head, line, , end] = csv.split('\r\n');
      assert.ok(head?.startsWith(`\uFEFF${say('log.fact.at')},`), head);
      assert.match(line ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+09:00,,/);
      assert.ok(
        line?.includes(`person.added,${say('outcome.success')},'-1+1,"'${formula.replaceAll('"', '""')}",`),
        line,
      );
      assert.ok(head?.endsWith(`,${say('log.details')},${say('log.fact.id')}`), head);
      assert.ok(line?.includes(`${say('detail.roles')}: ${say('role.clinician')}`), line);
      assert.ok(line?.includes(`${say('detail.number')}: -1+1`), line);
      assert.equal(end, '');
      const jsonl = await save('log.save-jsonl');
      const events = jsonl
        .trimEnd()
        .split('\n')
        .map((one) => JSON.parse(one) as Record<string, unknown>);
      assert.deepEqual(
        events.map(({ kind, personName }) => [kind, personName]),
        [
          ['person.added', formula],
          ['person.added', '管理 一郎'],
        ],
      );
      await page.evaluate(() => {
        location.hash = '#/log?kind=log.excerpt-exported&period=today';
      });
      const told = say('event.log.excerpt-exported', { doer: say('log.named', { name: '管理 一郎' }) });
      const both = language === 'ja' ? 2 : 4;
      await until(
        'each file is an event',
        async () => (await sentences()).filter((one) => one === told).length === both,
      );
    });
  });
}

test('nothing was blocked by the page’s policy and no script failed', () => assert.deepEqual(heard, []));
