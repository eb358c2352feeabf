import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Page, Request } from 'playwright';
import { until } from '../world.ts';
import { createListWorld, type ListWorld, many, numberOf } from './list-world.ts';
import { createSaid } from './said.ts';

let world: ListWorld;
let page: Page;

before(async () => {
  world = await createListWorld();
  ({ page } = world);
  await world.speak('en');
});
after(() => world?.stop());

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
    await world.post(`/v1/people/${id}/change`, change);
  };

  test('further pages stay, with what came meanwhile, and the focus goes on to the first new row', async () => {
    await world.go('#/people?search=N-&sort=number&order=rising');
    await shown(50, many);
    await more().press('Enter');
    await shown(100, many);
    assert.ok((await world.focused())?.includes(numberOf(50)), 'the first row of the second page');
    await world.post('/v1/people', { number: 'N-999', name: '後から 来た' });
    await shown(100, many + 1);
    assert.deepEqual(await world.cells(1), numbers.slice(0, 100));
    assert.ok((await world.focused())?.includes(numberOf(50)), 'the focus stays');
    await more().press('Enter');
    await shown(many + 1, many + 1);
    assert.deepEqual(await world.cells(1), [...numbers, 'N-999']);
    assert.ok((await world.focused())?.includes(numberOf(100)), 'the first row of the last page');
    await world.clean('all pages');
  });

  test('a page that is on its way while the list changes comes, and who moved onto it stands there once', async () => {
    await world.go('#/people?search=N&sort=number&order=rising');
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
    await world.post(`/v1/people/${href?.split('/').at(-1)}/change`, { number: 'N-0605' });
    await (await asked).finished();
    release();
    const there = [...numbers.slice(1, 61), 'N-0605', ...numbers.slice(61, 100)];
    await until('the page is there', async () => JSON.stringify(await world.cells(1)) === JSON.stringify(there));
    await shown(100, many + 1);
    await page.unroute(isFurther);
  });

  test('where all pages are open and what changed cannot be fetched, it is said, and can be asked for again', async () => {
    await world.go('#/people?search=N-&sort=number&order=falling');
    await shown(50, many + 1);
    for (const count of [100, many + 1]) {
      await more().click();
      await shown(count, many + 1);
    }
    const again = page.getByRole('button', { name: say('common.try-again'), exact: true });
    const failure = page.getByRole('alert').filter({ hasText: say('failure.INTERNAL') });
    assert.equal(await more().count(), 0);
    await page.route(isFurther, (route) => route.fulfill({ status: 500, json: { failure: { code: 'INTERNAL' } } }));
    await world.post('/v1/people', { number: 'N-998', name: '後から 来た' });
    await failure.waitFor();
    await shown(many + 1, many + 1);
    await world.clean('a list that is not as new as it could be');
    // Once in vain.
    await again.press('Enter');
    await until('it failed again', async () => (await failure.isVisible()) && (await again.isEnabled()));
    await page.unroute(isFurther);
    await again.press('Enter');
    await shown(many + 2, many + 2);
    assert.equal((await world.cells(1))[1], 'N-998');
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
    await world.post('/v1/people', { number: 'S-1', name });
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
    await world.go(`#/people?search=${name}`);
    await asked(1);
    await world.post('/v1/people', { number: 'S-2', name });
    await asked(2);
    await give(1);
    await shown(1, 1);
    await world.post('/v1/people', { number: 'S-3', name });
    await asked(3);
    await give(3);
    await shown(3, 3);
    await give(2);
    await shown(3, 3);
    await Promise.all(held.map((one) => one.give()));
    await page.unroute(isPeople);
    assert.deepEqual(await world.cells(1), ['S-1', 'S-2', 'S-3']);
  });

  test('a file has everybody once, also who is changed while it is fetched', async () => {
    await world.go('#/people');
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

test('no script failed', () => assert.deepEqual(world.heard, []));
