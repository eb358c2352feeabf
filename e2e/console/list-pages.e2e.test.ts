import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page, Request } from 'playwright';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';

const many = 120;
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
const numberOf = (index: number): string => `N-${String(index).padStart(3, '0')}`;
let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
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
  await post(
    '/v1/terminals',
    ...Array.from({ length: 60 }, (_, index) => ({
      name: `${index % 2 === 0 ? '東' : '=西'}-${String(index).padStart(2, '0')}`,
      place: `${index % 3}階`,
    })),
  );
  for (const count of [1, 2, 3])
    await assert.rejects(post('/v1/emergency-codes', { group: '', count, note: '' }), /APPROVAL_NEEDED/);
});
after(() => world?.stop());

/** Beside what the page does by itself, as somebody else at another desk. */
const post = (path: string, ...bodies: readonly object[]): Promise<void> =>
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
  );

const hash = (): string => new URL(page.url()).hash;
const go = async (fragment: string): Promise<void> => {
  await page.evaluate((to) => {
    location.hash = to;
  }, fragment);
};
const cells = (column: number): Promise<readonly string[]> =>
  page
    .locator('main tbody tr')
    .evaluateAll(
      (rows, at) => rows.map((row) => row.querySelectorAll(':scope > :not(.choose)')[at]?.textContent ?? ''),
      column,
    );
/** The label of the field, or the words of what else has the focus. */
const focused = (): Promise<string | null | undefined> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element?.textContent;
  });
const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);

for (const language of ['ja', 'en'] as const) {
  describe(`lists in ${language}`, () => {
    const say = createSaid(language);
    const button = (key: string, values = {}) => page.getByRole('button', { name: say(key, values), exact: true });
    const head = (key: string) => page.getByRole('columnheader', { name: say(key) });

    before(async () => {
      await page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);
      await page.locator(`html[lang="${language}"]`).waitFor();
    });

    test('a head sorts the whole list on the server, both ways, over all pages, and the address keeps it', async () => {
      await go('#/people?search=N-');
      await page.getByText(say('list.count', { shown: 50, total: many })).waitFor();
      await head('person.number').getByRole('button').click();
      await until('it falls', async () => hash() === '#/people?search=N-&sort=number&order=falling');
      await until('the last is on top', async () => (await cells(1))[0] === numberOf(many - 1));
      assert.equal(await head('person.number').getAttribute('aria-sort'), 'descending');
      for (const shown of [100, many]) {
        await button('list.more').click();
        await page.getByText(say('list.count', { shown, total: many })).waitFor();
      }
      assert.equal(await button('list.more').count(), 0);
      const falling = Array.from({ length: many }, (_, index) => numberOf(many - 1 - index));
      assert.deepEqual(await cells(1), falling);
      await clean('a sorted list');
      await page.reload();
      await until('the order is kept', async () => (await cells(1))[0] === numberOf(many - 1));
      await head('person.number').getByRole('button').click();
      await until('it rises', async () => (await cells(1))[0] === numberOf(0));
      assert.equal(await head('person.number').getAttribute('aria-sort'), 'ascending');
      await head('person.name').getByRole('button').click();
      await until('by name', async () => hash() === '#/people?search=N-&sort=name&order=rising');
      await until('alike names are together', async () => {
        const names = await cells(0);
        return names.join() === names.toSorted().join();
      });
    });

    test('the file holds what the filter lets through, in one order however the page is sorted, without formulas', async () => {
      await go('#/terminals?search=西&sort=name&order=falling');
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
      await clean('a saved list');
    });

    test('what a file of another filter came to is gone with that filter', async () => {
      await go('#/terminals?search=西');
      await page.getByText(say('list.count', { shown: 30, total: 30 })).waitFor();
      const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
      const told = page.getByText(say('saving.saved', { count: 30, name: saved.suggestedFilename() }));
      await told.waitFor();
      await go('#/terminals?search=東');
      await told.waitFor({ state: 'detached' });
    });

    test('a terminal is given a group, by which it is found, and another name that is taken is refused', async () => {
      const group = `集中治療-${language}`;
      await go('#/terminals?search=東');
      const named = say('terminals.change-one', { name: '東-00' });
      await page.getByRole('button', { name: named }).click();
      await page.getByRole('dialog', { name: named }).getByLabel(say('terminals.group')).fill(group);
      await clean('a terminal is changed');
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
      await go('#/terminals');
      await page.getByText(say('list.count', { shown: 50, total: 60 })).waitFor();
      await page.getByLabel(say('terminals.search')).fill('２階');
      await page.getByText(say('list.count', { shown: 20, total: 20 })).waitFor();
      assert.equal(decodeURIComponent(hash()), '#/terminals?search=２階');
      const region = page.locator('.list-head [role="status"]');
      assert.equal(await region.textContent(), say('list.count', { shown: 20, total: 20 }));
      const readOut = await region.elementHandle();
      await page.getByLabel(say('common.state')).selectOption({ label: say('terminals.state.revoked') });
      await page.getByText(say('list.not-found'), { exact: true }).waitFor();
      // What comes into a region that was there before is read out; one that comes with its words is not.
      assert.ok((await readOut?.textContent())?.startsWith(say('list.not-found')));
      assert.equal(await readOut?.evaluate((element) => element.isConnected), true);
      await clean('nothing found');
      if (language === 'ja') await keep(page, 'list-not-found');
      await button('log.clear').press('Enter');
      assert.equal(await focused(), say('terminals.search'));
      await page.getByText(say('list.count', { shown: 50, total: 60 })).waitFor();
      assert.equal(await page.getByLabel(say('terminals.search')).inputValue(), '');
      assert.equal(hash(), '#/terminals');
      if (language === 'ja') await keep(page, 'list-sorted');
    });

    test('acts that take two are searched, narrowed, sorted and saved; those asked for last come first', async () => {
      const abouts = async () =>
        (await page.locator('main ol > li .line-more').allTextContents()).map((line) => line.slice(0, 3));
      const come = (...expected: readonly string[]) =>
        until(`${expected} come`, async () => String(await abouts()) === String(expected));
      await go('#/approvals');
      await come(': 3', ': 2', ': 1');
      await page.getByLabel(say('people.sort')).selectOption({ label: say('list.sort.oldest') });
      await come(': 1', ': 2', ': 3');
      assert.equal(hash(), '#/approvals?sort=asked&order=rising');
      await clean('acts that take two');
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
        await go(`#/${kind}`);
        await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
        const [saved] = await Promise.all([page.waitForEvent('download'), button('saving.csv').click()]);
        assert.match(saved.suggestedFilename(), new RegExp(`^kazasu-${kind}-\\d{4}-\\d\\d-\\d\\d\\.csv$`));
        assert.match(readFileSync(await saved.path(), 'utf8'), /^\uFEFF[^\r\n]+,[^\r\n]+\r\n/);
        await go(`#/${kind}?search=1`);
        await button('filters.save').waitFor();
      }
    });
  });
}

describe('a list that changes while somebody looks through it', () => {
  const say = createSaid('en');
  const more = () => page.getByRole('button', { name: say('list.more'), exact: true });
  const shown = (count: number, total: number) => page.getByText(say('list.count', { shown: count, total })).waitFor();
  const numbers = Array.from({ length: many }, (_, index) => numberOf(index));
  const isPeople = (url: URL): boolean => url.pathname === '/v1/people';
  const isFurther = (url: URL): boolean => isPeople(url) && url.searchParams.has('after');
  const changeOf = async (number: string, change: object): Promise<void> => {
    const id = await page.evaluate(async (search) => {
      const answer = await fetch(`/v1/people?search=${search}`);
      return ((await answer.json()) as { people: { id: string }[] }).people[0]?.id;
    }, number);
    await post(`/v1/people/${id}/change`, change);
  };

  test('further pages stay, with what came meanwhile, and the focus goes on to the first new row', async () => {
    await go('#/people?search=N-&sort=number&order=rising');
    await shown(50, many);
    await more().press('Enter');
    await shown(100, many);
    assert.ok((await focused())?.includes(numberOf(50)), 'the first row of the second page');
    await post('/v1/people', { number: 'N-999', name: '後から 来た' });
    await shown(100, many + 1);
    assert.deepEqual(await cells(1), numbers.slice(0, 100));
    assert.ok((await focused())?.includes(numberOf(50)), 'the focus stays');
    await more().press('Enter');
    await shown(many + 1, many + 1);
    assert.deepEqual(await cells(1), [...numbers, 'N-999']);
    assert.ok((await focused())?.includes(numberOf(100)), 'the first row of the last page');
    await clean('all pages');
  });

  test('a page that is on its way while the list changes comes, and who moved onto it stands there once', async () => {
    await go('#/people?search=N&sort=number&order=rising');
    await shown(50, many + 1);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(isFurther, async (route) => {
      await released;
      await route.continue();
    });
    await more().click();
    const href = await page
      .getByRole('row', { name: numberOf(0) })
      .getByRole('link')
      .getAttribute('href');
    const asked = page.waitForResponse((answer) => {
      const url = new URL(answer.url());
      return isPeople(url) && answer.request().method() === 'GET' && !isFurther(url);
    });
    await post(`/v1/people/${href?.split('/').at(-1)}/change`, { number: 'N-0605' });
    await (await asked).finished();
    release();
    const there = [...numbers.slice(1, 61), 'N-0605', ...numbers.slice(61, 100)];
    await until('the page is there', async () => JSON.stringify(await cells(1)) === JSON.stringify(there));
    await shown(100, many + 1);
    await page.unroute(isFurther);
  });

  test('where all pages are open and what changed cannot be fetched, it is said, and can be asked for again', async () => {
    await go('#/people?search=N-&sort=number&order=falling');
    await shown(50, many + 1);
    for (const count of [100, many + 1]) {
      await more().click();
      await shown(count, many + 1);
    }
    const again = page.getByRole('button', { name: say('common.try-again'), exact: true });
    const failure = page.getByRole('alert').filter({ hasText: say('failure.INTERNAL') });
    assert.equal(await more().count(), 0);
    await page.route(isFurther, (route) => route.fulfill({ status: 500, json: { failure: { code: 'INTERNAL' } } }));
    await post('/v1/people', { number: 'N-998', name: '後から 来た' });
    await failure.waitFor();
    await shown(many + 1, many + 1);
    await clean('a list that is not as new as it could be');
    // Once in vain.
    await again.press('Enter');
    await until('it failed again', async () => (await failure.isVisible()) && (await again.isEnabled()));
    await page.unroute(isFurther);
    await again.press('Enter');
    await shown(many + 2, many + 2);
    assert.equal((await cells(1))[1], 'N-998');
    await until(
      'all is there',
      async () => (await again.count()) + (await more().count()) + (await failure.count()) === 0,
    );
    // The last row, where the way to more was.
    await page
      .locator('main tbody tr:focus')
      .filter({ hasText: numberOf(1) })
      .waitFor();
  });

  test('a list whose answers are slower than its changes comes all the same, and no older answer over a newer one', async () => {
    const name = '遅い返事';
    const held: { readonly total: number; readonly request: Request; readonly give: () => Promise<void> }[] = [];
    await post('/v1/people', { number: 'S-1', name });
    await page.route(isPeople, async (route) => {
      const request = route.request();
      if (request.method() !== 'GET' || request.headers()['x-at-once'] === '1') return route.continue();
      // As the list was when it was asked for.
      const json = await page.evaluate(
        async (to) => (await (await fetch(to, { headers: { 'x-at-once': '1' } })).json()) as { total: number },
        request.url(),
      );
      held.push({ total: json.total, request, give: () => route.fulfill({ json }) });
    });
    const asked = (total: number) => until(`${total} are told of`, () => held.some((one) => one.total === total));
    const give = async (total: number): Promise<void> => {
      const [one] = held.splice(
        held.findIndex((answer) => answer.total === total),
        1,
      );
      const answered = page.waitForResponse((answer) => answer.request() === one?.request);
      await one?.give();
      await (await answered).finished();
    };
    await go(`#/people?search=${name}`);
    await asked(1);
    await post('/v1/people', { number: 'S-2', name });
    await asked(2);
    await give(1);
    await shown(1, 1);
    await post('/v1/people', { number: 'S-3', name });
    await asked(3);
    await give(3);
    await shown(3, 3);
    await give(2);
    await shown(3, 3);
    await Promise.all(held.map((one) => one.give()));
    await page.unroute(isPeople);
    assert.deepEqual(await cells(1), ['S-1', 'S-2', 'S-3']);
  });

  test('a file has everybody once, also who is changed while it is fetched', async () => {
    await go('#/people');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(isFurther, async (route) => {
      await released;
      await route.continue();
    });
    const download = page.waitForEvent('download');
    const second = page.waitForRequest((request) => isFurther(new URL(request.url())));
    await page.getByRole('button', { name: say('saving.csv'), exact: true }).click();
    await second;
    // From the second page to the top of the order that the page has, and from the first page to the second by number.
    await changeOf(numberOf(many - 1), { name: '動いた 人' });
    await changeOf(numberOf(10), { number: 'N-9010' });
    release();
    const saved = await download;
    await page.unroute(isFurther);
    const lines = readFileSync(await saved.path(), 'utf8')
      .split('\r\n')
      .slice(1, -1);
    const written = lines.map((line) => line.split(',')[2] ?? '');
    // With the first admin, those who came after and those of the test before this one.
    assert.equal(written.length, 1 + many + 2 + 3);
    assert.equal(new Set(written).size, written.length);
    assert.ok(written.includes(numberOf(many - 1)), 'who was changed is there');
    assert.ok(written.includes(numberOf(10)) && !written.includes('N-9010'), 'who got another number is there once');
    await page.getByText(say('saving.saved', { count: written.length, name: saved.suggestedFilename() })).waitFor();
  });
});

test('no script failed', () => assert.deepEqual(heard, []));
