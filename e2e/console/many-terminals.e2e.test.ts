import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { until } from '../world.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { createSaid } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

/** More than a dialog or the list of revocations shows of one at first, and than a timeline asks for. */
const many = 56;
const say = createSaid('ja');
const person = '佐藤 花子';
let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];
let terminals: readonly ScriptedTerminal[];
/** In use; the last one by its name. */
let used: ScriptedTerminal;

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  used = await hands.announce(world, page, '外来-99');
  const codes = await page.evaluate(async (count) => {
    const me = (await (await fetch('/v1/console/me')).json()) as { csrf: string };
    const headers = { 'content-type': 'application/json', 'x-kazasu-csrf': me.csrf };
    const all: string[] = [];
    for (let index = 1; index < count; index += 1) {
      const body = JSON.stringify({ name: `外来-${String(index).padStart(2, '0')}`, place: '' });
      const answer = await fetch('/v1/terminals', { method: 'POST', headers, body });
      all.push(((await answer.json()) as { code: string }).code);
    }
    return all;
  }, many);
  const others: ScriptedTerminal[] = [];
  for (const code of codes) others.push(await world.terminal(code));
  terminals = others;
  await hands.addPerson(page, { number: '104233', name: person });
  await hands.enrol(page, used, hands.badge, '58203917');
  await used.logIn(hands.badge, '58203917');
});
after(() => world?.stop());

const dialog = () => page.getByRole('dialog');
const names = (within: 'dialog' | 'main'): Promise<readonly string[]> =>
  page.locator(`${within} .receipts .line-main`).allTextContents();
const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);

test('the receipt of the terminal that locked stands first, and those behind the first fifty come on request', async () => {
  await page.getByRole('button', { name: '末尾 7081 のカードを失効' }).click();
  await dialog().getByRole('radio', { name: '紛失' }).check();
  await dialog().getByRole('button', { name: 'カードを失効させる' }).click();
  const { order } = await used.next('revocation');
  await used.confirm(order.number, true);
  await dialog().getByText('画面をロック').waitFor();
  assert.deepEqual((await names('dialog')).slice(0, 2), ['外来-99', '外来-01']);
  assert.equal((await names('dialog')).length, 50);
  await clean('the first receipts');
  await dialog()
    .getByRole('button', { name: say('receipt.more', { count: many - 50 }) })
    .click();
  await until('all are there', async () => (await names('dialog')).length === many);
  assert.equal(new Set(await names('dialog')).size, many);
  assert.equal(await dialog().getByRole('button', { name: /ほか/ }).count(), 0);
  await until('the focus goes on to what came', () =>
    page.evaluate(() => document.activeElement?.matches('.receipts + .receipts') === true),
  );
  await clean('all receipts');
  for (const terminal of terminals) await terminal.confirm(order.number, false);
  await dialog().getByText(say('receipt.all')).waitFor();
  await until('those behind come as they are confirmed too', async () => {
    const states = await page.locator('dialog .receipts .line-side').allTextContents();
    return states.length === many && !states.includes(say('receipt.pending'));
  });
  await dialog().getByRole('button', { name: '完了' }).click();
});

test('the person’s timeline tells of the revocation and not of the receipts', async () => {
  const told = page.getByRole('region', { name: say('timeline.title') });
  await told.getByText(`管理 一郎 さんが ${person} さんのカードを失効させました（紛失）`).waitFor();
  await told.getByText(`${person} さんのカードを登録しました`).waitFor();
});

test('so it does on the page of all revocations', async () => {
  await hands.open(page, '失効');
  await page.getByText(say('revocations.confirmed', { confirmed: many, all: many })).waitFor();
  assert.equal((await names('main'))[0], '外来-99');
  await page.getByRole('button', { name: say('receipt.more', { count: many - 5 }) }).click();
  await until('all are there', async () => (await names('main')).length === many);
  await clean('a revocation with all its receipts');
});

test('many people are chosen, by several searches, and suspended at once; their receipts are added up', async () => {
  const [second, third] = ['鈴木 次郎', '田中 三郎'];
  await hands.addPerson(page, { number: '104235', name: third });
  await hands.addPerson(page, { number: '104234', name: second });
  await hands.enrol(page, used, hands.spare, '58203917');
  await used.logIn(hands.spare, '58203917');
  await hands.open(page, '職員');
  const choose = (whom: string) => page.getByRole('checkbox', { name: say('list.choose', { name: whom }) });
  await choose(`${person} 104233`).check();
  assert.equal(await choose('管理 一郎 000001').count(), 0, 'nobody suspends oneself');
  await page.getByRole('searchbox').fill(second);
  await choose(`${person} 104233`).waitFor({ state: 'detached' });
  await choose(`${second} 104234`).check();
  await page.getByRole('searchbox').fill('');
  await choose(`${third} 104235`).check();
  assert.ok(await choose(`${person} 104233`).isChecked());
  await clean('chosen people');
  // One of them cannot be reached: the others are suspended all the same.
  const unreachable = new URL((await page.getByRole('link', { name: third }).getAttribute('href')) ?? '', page.url());
  const id = unreachable.hash.split('/').at(-1);
  await page.route(`**/people/${id}/suspend`, (route) => route.abort('connectionrefused'));
  await page.getByRole('button', { name: say('suspend.many', { count: 3 }) }).click();
  const all = [`${person} 104233`, `${second} 104234`, `${third} 104235`].join(say('common.list-separator'));
  await dialog()
    .getByText(say('suspend.many-whom', { names: all }))
    .waitFor();
  await dialog()
    .getByRole('radio', { name: say('reason.person-left') })
    .check();
  await clean('before many are suspended');
  await dialog()
    .getByRole('button', { name: say('suspend.submit'), exact: true })
    .click();
  await dialog()
    .getByRole('heading', { name: say('suspend.many-done', { count: 2 }) })
    .waitFor();
  await dialog()
    .getByText(say('receipt.some-of-many', { open: many * 2, all: many * 2 }))
    .waitFor();
  await dialog()
    .getByText(say('revoke.not-done', { name: `${third} 104235` }))
    .waitFor();
  const numbers = [(await used.next('revocation')).order.number, (await used.next('revocation')).order.number];
  for (const [place, number] of numbers.entries()) await used.confirm(number, place === 1);
  await dialog()
    .getByText(say('receipt.some-of-many', { open: many * 2 - 2, all: many * 2 }))
    .waitFor();
  const line = dialog().getByRole('listitem').filter({ hasText: second }).first();
  await line.getByText(say('receipt.locked-there', { terminals: '外来-99' })).waitFor();
  await line.locator('summary').click();
  await line.getByText('画面をロック').waitFor();
  await clean('receipts of many');
  await dialog().getByRole('button', { name: '完了' }).click();
  for (const name of [person, second])
    await page.getByRole('row', { name }).getByText(say('person.state.suspended')).waitFor();
  // Who was not suspended is still chosen.
  await page.getByText(say('list.chosen', { count: 1 })).waitFor();
  assert.ok(await choose(`${third} 104235`).isChecked());
  assert.deepEqual(heard, []);
});
