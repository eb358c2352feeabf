import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld, sizes, tooWide } from './console-world.ts';
import * as hands from './hands.ts';
import { createSaid, type Language } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

/** Names that somebody has, and names that somebody tries. */
const names = {
  'H-1': '葛\u{e0101}城 𠮷郎',
  'H-2': 'ア'.repeat(40),
  'H-3': 'שלום محمد',
  'H-4': '看護 👩‍⚕️ 🏥',
  'H-5': '<script>document.title="hit"</script><img src=x onerror="document.title=\'hit\'">',
  'H-6': '=cmd|"/c calc"!A1',
} as const;
const longKana = 'キ'.repeat(40);
const place = `<b>3東</b> =1+1 ${'ナ'.repeat(12)}`;

let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];
/** Fragments of every page that this person's menu offers, and two that it does not name. */
let places: readonly string[];
const dialogs: string[] = [];
const say = createSaid('ja');
const dialog = () => page.getByRole('dialog');

const goTo = async (fragment: string): Promise<void> => {
  await page.evaluate((to) => {
    location.hash = to;
  }, fragment);
  await page.locator('h1').first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
};
const switchTo = (language: Language): Promise<void> =>
  page.evaluate((to) => document.querySelector<HTMLElement>(`.languages [lang="${to}"]`)?.click(), language);

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  page.on('dialog', (opened) => {
    dialogs.push(opened.message());
    void opened.dismiss();
  });
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, place);
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const lines = Object.entries(names).map(([number, name]) => [number, name, longKana].map(quoted).join(','));
  await page.goto(`${world.origin}/console/#/import`);
  const file = {
    name: 'names.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`職員番号,氏名,フリガナ\n${lines.join('\n')}\n`),
  };
  await page.getByLabel('ファイル', { exact: true }).setInputFiles(file);
  await page.getByRole('button', { name: '内容を確認' }).click();
  await page.getByRole('button', { name: 'この内容で取り込む' }).click();
  await page.getByText('取り込みました：追加 6 人').waitFor();
  await hands.open(page, '職員');
  await page.getByRole('link', { name: names['H-5'], exact: true }).click();
  await hands.enrol(page, terminal, hands.badge, '58203917');
  await terminal.logIn(hands.badge, '58203917');
  const person = new URL(page.url()).hash;
  const links = page.getByRole('navigation', { name: 'メニュー' }).getByRole('link');
  const offered = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
  places = [...offered, '#/help', '#/sign-in', '#/import', '#/card-queue', person];
});
after(() => world?.stop());

test('a name with a NUL or a turned direction is refused with words, at the form and in a file', async () => {
  await goTo('#/people');
  await goTo('#/people?do=add');
  await dialog().getByLabel(say('person.number')).fill('H-9');
  for (const name of ['a\u0000b', 'a\u202eb']) {
    await dialog().getByLabel(say('person.name')).fill(name);
    await dialog()
      .getByRole('button', { name: say('people.add-submit') })
      .click();
    await dialog().getByText(say('failure.REQUEST_INVALID')).waitFor();
  }
  await page.keyboard.press('Escape');
  await goTo('#/import');
  const buffer = Buffer.from('職員番号,氏名\nH-9,a\u0000b\n');
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({ name: 'nul.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: '内容を確認' }).click();
  await page
    .getByRole('alert')
    .or(page.getByRole('table', { name: '取り込めない箇所' }))
    .first()
    .waitFor();
  assert.equal(await page.getByRole('button', { name: 'この内容で取り込む' }).count(), 0);
});

test('hostile names stand on the list as they were given, and a saved list has no formula in it', async () => {
  await goTo('#/people');
  for (const name of Object.values(names)) await page.getByRole('link', { name, exact: true }).waitFor();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: say('saving.csv') }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  for (const [number, name] of Object.entries(names)) {
    const cell = `${name.startsWith('=') ? "'" : ''}${name}`;
    const written = /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    assert.ok(text.includes(`\r\n${written},${longKana},${number},`), text);
  }
});

for (const language of ['ja', 'en'] as const) {
  test(`every page in ${language}: ${language === 'ja' ? 'axe finds nothing, and ' : ''}neither at 1280 nor at twice the size anything is cut off`, async () => {
    await switchTo(language);
    for (const at of places) {
      await goTo(at);
      // What it finds is the same in both languages, but for the words.
      if (language === 'ja') assert.deepEqual(await axe(page), [], at);
      await assertFits(page, at);
      assert.notEqual(await page.title(), 'hit', at);
    }
    await page.setViewportSize(sizes.twice);
    await page.getByRole('button', { name: createSaid(language)('nav.menu'), exact: true }).click();
    assert.deepEqual(await axe(page), [], 'the unfolded menu');
    await page.setViewportSize(sizes.whole);
    await switchTo('ja');
  });
}

test('a slip for the longest name fits on its paper', async () => {
  await goTo('#/people');
  await page.getByRole('link', { name: names['H-2'], exact: true }).click();
  await page.getByRole('button', { name: say('substitute.give') }).click();
  await dialog()
    .getByRole('radio', { name: say('substitute.cause.lost') })
    .check();
  await dialog()
    .getByRole('radio', { name: say('identity.supervisor') })
    .check();
  await dialog()
    .getByRole('button', { name: say('common.next') })
    .click();
  await dialog()
    .getByRole('button', { name: say('substitute.submit'), exact: true })
    .click();
  await dialog().locator('output').waitFor();
  await page.emulateMedia({ media: 'print' });
  assert.equal(await tooWide(page), 0);
  assert.ok((await page.locator('body').innerText()).includes(names['H-2']));
  await page.emulateMedia({ media: 'screen' });
  await dialog()
    .getByRole('button', { name: say('common.done') })
    .click();
});

describe('by keys alone', () => {
  test('finds somebody, suspends them and takes it back', async () => {
    await goTo('#/people');
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('combobox', { name: say('palette.title') });
    await page.keyboard.type('H-4');
    await page.getByRole('option', { name: names['H-4'] }).waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: names['H-4'] }).waitFor();
    await page.keyboard.press('Control+k');
    await palette.waitFor();
    await page.keyboard.type(say('suspend.title'));
    await page.keyboard.press('Enter');
    await dialog().getByText(say('suspend.no-login')).waitFor();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await dialog()
      .getByRole('heading', { name: say('suspend.done', { name: names['H-4'] }) })
      .waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await dialog()
      .getByText(say('suspend.undone', { name: names['H-4'] }))
      .waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await page.locator('.page-title').getByText(say('person.state.active')).waitFor();
  });

  test('opens whom was typed, however early Enter is pressed and however late the answers come', async () => {
    await goTo('#/people');
    await page.route('**/v1/people?*', async (route) => {
      const search = new URL(route.request().url()).searchParams.get('search') ?? '';
      // The answer to fewer letters comes first, and the last one late.
      await wait(search.length < 3 ? 50 : 400);
      await route.continue();
    });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('H-', { delay: 100 });
    await page.getByRole('option', { name: names['H-1'] }).waitFor();
    await page.keyboard.type('4');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: names['H-4'] }).waitFor();
    await page.unroute('**/v1/people?*');
  });

  test('goes to a page, leaves by Escape, and does not open over a dialog', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type(say('nav.terminals'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: say('nav.terminals') }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await goTo('#/people?do=add');
    await dialog().waitFor();
    await page.keyboard.press('Control+k');
    assert.equal(await dialog().count(), 1);
    await page.keyboard.press('Escape');
    assert.equal(new URL(page.url()).hash, '#/people', 'a reload opens nothing');
  });
});

test('the server hears once a minute of somebody who types, who is not idle', async () => {
  const asked: string[] = [];
  page.on('request', (request) => {
    const isUnasked = request.headers()['x-kazasu-unasked'] !== undefined;
    if (request.url().endsWith('/v1/console/me') && !isUnasked) asked.push(request.url());
  });
  await page.clock.install();
  await page.goto(`${world.origin}/console/#/people?do=add`);
  const name = dialog().getByLabel(say('person.name'));
  await name.fill('a');
  asked.splice(0);
  await name.press('b');
  await page.clock.fastForward(61_000);
  assert.deepEqual(asked, [], 'nobody typed since');
  const told = page.waitForRequest('**/v1/console/me');
  await name.press('c');
  await told;
  await name.press('d');
  assert.equal(asked.length, 1);
});

test('no name ran as a script, no policy of the page was broken and no dialog of the browser came up', () => {
  assert.deepEqual(heard, []);
  assert.deepEqual(dialogs, []);
});
