import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { totp } from '../client.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

let world: ConsoleWorld;
let page: Page;
let admin: hands.Signer;
let terminal: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
});
after(() => world?.stop());

const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);

test('the check for accessibility finds what is wrong', async () => {
  await page.goto('about:blank');
  await page.setContent('<html><body><input><img src="x"></body></html>');
  const found = (await axe(page)).join('\n');
  assert.match(found, /label/);
  assert.match(found, /image-alt/);
});

test('an invitation that nobody made is refused with a way out', async () => {
  await page.goto(`${world.origin}/console/#invitation=made-up`);
  await page.getByText('このコードは使えません').waitFor();
  await clean('refused invitation');
  await page.getByRole('button', { name: 'サインイン画面へ' }).click();
  await page.getByRole('heading', { name: 'サインイン' }).waitFor();
  await clean('sign-in');
});

test('the first admin sees the password’s rules, and the code leaves the address at once', async () => {
  await page.goto('about:blank');
  await page.goto(world.firstAdmin);
  await page.getByLabel('職員番号', { exact: true }).waitFor();
  assert.equal(page.url(), `${world.origin}/console/`);
  await page.getByLabel('職員番号', { exact: true }).fill('000001');
  await page.getByLabel('氏名', { exact: true }).fill('管理 一郎');
  await clean('first admin');

  const rule = page.getByRole('listitem').filter({ hasText: '12 文字以上' });
  await page.getByLabel('新しいパスワード').fill('short');
  assert.match((await rule.getAttribute('class')) ?? '', /open/);
  await page.getByLabel('新しいパスワード').fill(hands.password);
  assert.match((await rule.getAttribute('class')) ?? '', /met/);

  await page.getByLabel('もう一度入力').fill('another one');
  await page.getByLabel('確認コード').fill('000000');
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByText('2つのパスワードが一致していません').waitFor();
  await page.getByLabel('もう一度入力').fill(hands.password);
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByText('確認コードが違います').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true');

  const seed = await hands.readSeed(page);
  assert.match(seed, /^[A-Z2-7]{16,}$/);
  assert.ok(await page.getByRole('img', { name: 'QR コード' }).isVisible());
  await page.getByLabel('確認コード').fill(totp(seed));
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByRole('heading', { level: 1, name: '概況' }).waitFor();
  await clean('overview of an empty hospital');
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '管理 一郎' }).waitFor();
  admin = { number: '000001', seed };
  await clean('people');
});

test('signs out, is refused with one sentence for every mistake, and signs in again', async () => {
  await page.getByRole('button', { name: 'サインアウト' }).click();
  await page.getByText('サインアウトしました').waitFor();
  const signIn = async (number: string, secret: string, code: string): Promise<void> => {
    await page.getByLabel('職員番号').fill(number);
    await page.getByLabel('パスワード').fill(secret);
    await page.getByLabel('確認コード').fill(code);
    await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  };
  const sentences: string[] = [];
  // The last one has the right password and a code that was used to accept the invitation or never fits.
  for (const [number, secret] of [
    ['no-such', hands.password],
    [admin.number, 'wrong password'],
    [admin.number, hands.password],
  ] as const) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/v1/console/sign-in'));
    await signIn(number, secret, '000000');
    await answered;
    sentences.push((await page.getByRole('alert').locator('p').first().textContent()) ?? '');
  }
  assert.equal(new Set(sentences).size, 1, sentences.join(' / '));
  assert.match(sentences[0] ?? '', /サインインできませんでした/);
  assert.match((await page.getByRole('alert').textContent()) ?? '', /サポートコード \w{3}-\w{3}-\w{3}/);
  await clean('refused sign-in');

  // The next half minute's code: this one's was spent on the invitation.
  await signIn(admin.number, hands.password, totp(admin.seed, 30));
  await page.getByRole('heading', { level: 1, name: '職員' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '職員' }).waitFor();
});

test('without a terminal it says so; an announced one appears when it enrols', async () => {
  await hands.open(page, '端末');
  await page.getByText('まだ端末が登録されていません').waitFor();
  await clean('no terminals');
  terminal = await hands.announce(world, page, '3東-NS-02');
  await clean('terminals');
  const row = page.getByRole('row', { name: '3東-NS-02' });
  assert.match((await row.textContent()) ?? '', /3階東病棟.*なし/);
  assert.match((await row.locator('time').first().getAttribute('title')) ?? '', /\+09:00$/);

  await page.getByRole('button', { name: '端末を登録' }).click();
  await page.getByRole('dialog').getByLabel('端末名').fill('3東-NS-02');
  await page.getByRole('button', { name: 'コードを発行' }).click();
  await page.getByText('同じ名前の端末がすでにあります').waitFor();
  await clean('announce');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), '端末を登録');
});

test('adds a person, enrols a card past one that cannot be used, has a PIN set and a TOTP confirmed', async () => {
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await clean('person without anything');
  assert.ok(await page.getByRole('button', { name: '設定する' }).isDisabled(), 'a PIN needs a card first');
  const dialog = page.getByRole('dialog');

  const card = await hands.begin(page, terminal, 'カードを登録');
  await dialog.getByText('端末「3東-NS-02」のリーダーに').waitFor();
  await clean('waiting for the card');
  assert.equal((await terminal.giveCard(card, hands.randomCard)).status, 422);
  await dialog.getByText('読み取るたびに番号が変わる').waitFor();
  assert.equal((await terminal.giveCard(card, hands.badge)).status, 200);
  await dialog.getByText('佐藤 花子 さんのカード（末尾 7081）を登録しました').waitFor();
  await clean('card enrolled');

  await dialog.getByRole('button', { name: '続けて暗証番号を設定' }).click();
  const { order } = await terminal.next('ceremony');
  await terminal.giveCard(order.ceremony, hands.spare);
  await dialog.getByText('この方のものではありません').waitFor();
  await terminal.giveCard(order.ceremony, hands.badge);
  await dialog.getByText('暗証番号を入力しています').waitFor();
  await clean('PIN being chosen');
  assert.equal((await terminal.givePin(order.ceremony, '58203917')).status, 200);
  await dialog.getByText('佐藤 花子 さんの暗証番号を設定しました').waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();

  await page.getByRole('button', { name: '登録する', exact: true }).click();
  await dialog.getByRole('button', { name: 'QR コードを表示' }).click();
  const seed = await hands.readSeed(page);
  const field = dialog.getByLabel('佐藤 花子 さんの認証アプリの 6 桁');
  await field.fill('000000');
  await dialog.getByRole('button', { name: '確認コードを照合して登録' }).click();
  await dialog.getByText('確認コードが違います').waitFor();
  await clean('TOTP');
  await field.fill(totp(seed));
  await field.press('Enter');
  await dialog.getByText('認証アプリを登録しました').waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();

  const factors = page.getByRole('region', { name: '認証手段' }).getByRole('listitem');
  await factors.filter({ hasText: '暗証番号' }).getByText('有効', { exact: true }).waitFor();
  await factors.filter({ hasText: '認証アプリ' }).getByText('有効', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'カード' }).getByText('末尾 7081').waitFor();
  await clean('person with everything');
});

test('a card that somebody holds already is refused in plain words, and the step can be taken back', async () => {
  await hands.addPerson(page, { number: '104234', name: '鈴木 次郎' });
  const ceremony = await hands.begin(page, terminal, 'カードを登録');
  assert.equal((await terminal.giveCard(ceremony, hands.badge)).status, 409);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('このカードはすでに登録されています').waitFor();
  await dialog.getByRole('button', { name: '中止する' }).click();
  assert.equal((await terminal.next('ceremony-cancelled')).ceremony, ceremony);
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('登録されたカードはありません').waitFor();
});

test('finds a person by name, kana and number, and says when there is none', async () => {
  await hands.open(page, '職員');
  const search = page.getByRole('searchbox');
  const names = page.getByRole('rowheader');
  for (const typed of ['佐藤', 'サトウ', '104233']) {
    await search.fill(typed);
    await names.filter({ hasText: '佐藤 花子' }).waitFor();
    await names.filter({ hasText: '鈴木' }).waitFor({ state: 'detached' });
  }
  await search.fill('だれもいない');
  await page.getByText('「だれもいない」に一致する職員はいません').waitFor();
  await clean('nobody found');
});

test('a staff number is given once', async () => {
  await hands.open(page, '職員');
  await page.getByRole('button', { name: '職員を追加' }).click();
  const dialog = page.getByRole('dialog');
  assert.ok(await dialog.getByLabel('職員番号').evaluate((field) => field === document.activeElement));
  await dialog.getByLabel('職員番号').fill('104233');
  await dialog.getByLabel('氏名').fill('別人');
  await dialog.getByRole('button', { name: '追加する' }).click();
  await dialog.getByText('この職員番号はすでに使われています').waitFor();
  await clean('add a person');
  await dialog.getByRole('button', { name: 'やめる' }).click();
});

test('with every terminal away there is nothing to choose, and one that comes back appears by itself', async () => {
  await terminal.unplug();
  await hands.open(page, '職員');
  await page.getByRole('searchbox').fill('鈴木');
  await page.getByRole('link', { name: '鈴木 次郎' }).click();
  await page.getByRole('button', { name: 'カードを登録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('接続中の端末がありません').waitFor({ timeout: 20_000 });
  await clean('no terminal online');
  await terminal.plugIn();
  await dialog.getByLabel('使う端末').waitFor();
});

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
