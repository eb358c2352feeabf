import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { catchPrint, countActions, keep, keepPrint } from './pictures.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

const pin = '58203917';
let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  const admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  terminal = await hands.announce(world, admin, '3東-NS-02');
  page = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await hands.enrol(page, terminal, hands.badge, pin);
});
after(() => world?.stop());

const dialog = () => page.getByRole('dialog');
const standing = () => page.getByRole('region', { name: '代わりのカード・コード' });
const openBy = async (path: string, body: object): Promise<number> => {
  const begun = await terminal.post(path, { lock: randomUUID(), ...body });
  if (begun.status !== 200) return begun.status;
  const { attempt, ticket } = begun.body;
  const proof = { ticket, factor: 'pin', secret: pin };
  return (await terminal.post(`/v1/attempts/${String(attempt)}/proofs`, proof)).status;
};

test('a forgotten card is replaced by a code within six actions, and the code is on paper and nowhere else', async () => {
  const actions = await countActions(page);
  const prints = await catchPrint(page);
  await page.getByRole('button', { name: 'カードの紛失・忘れ' }).click();
  await dialog().getByRole('radio', { name: '忘れた' }).check();
  await dialog().getByRole('radio', { name: '顔写真付きの職員証' }).check();
  await keep(page, 'substitute-who');
  await dialog().getByRole('button', { name: '次へ' }).click();
  await dialog().getByText('末尾 7081：いま一時停止').waitFor();
  await keep(page, 'substitute-what');
  await dialog().getByRole('button', { name: '渡す', exact: true }).click();
  const code = (await dialog().locator('output').textContent()) ?? '';
  assert.match(code, /^\d{4}-\d{4}-\d{4}$/);
  await keep(page, 'substitute-code');
  await dialog().getByRole('button', { name: '印刷' }).click();
  assert.equal(await prints(), 1);
  assert.equal(await actions(), 6);
  await hands.insistOnEscape(page);
  await dialog().locator('output').waitFor();
  const paper = await keepPrint(page, 'substitute-paper');
  assert.ok(paper.includes(code) && paper.includes('佐藤 花子') && !paper.includes('メニュー'), paper);

  await dialog().getByRole('button', { name: '完了' }).click();
  await page.getByText('停止中（代替カード使用中）').waitFor();
  // It may turn out to be lost.
  await page.getByRole('button', { name: '末尾 7081 のカードを失効' }).waitFor();
  assert.ok(!(await page.content()).includes(code), 'the code is not on the page any more');
  assert.equal(await openBy('/v1/attempts/by-code', { code }), 200);
  await standing().getByText('60 回中 1 回使用').waitFor();
  await keep(page, 'person-with-substitute');
});

test('a substitute is ended with a reason, and the terminal that it opened confirms', async () => {
  await standing().getByRole('button', { name: '終了' }).click();
  await keep(page, 'substitute-end');
  await dialog().getByLabel('理由').fill('本人が帰宅');
  await dialog().getByRole('button', { name: '終了', exact: true }).click();
  const { order } = await terminal.next('revocation');
  await dialog().getByText('確認待ち').waitFor();
  await terminal.confirm(order.number, true);
  await dialog()
    .getByText(/^\d+ ミリ秒で確認$/)
    .waitFor();
  await keep(page, 'substitute-ended');
  await dialog().getByRole('button', { name: '完了' }).click();
  await standing().getByText('有効なものはありません').waitFor();
});

test('a loan card is put into the stock, lent within six actions, and is back when the own card is', async () => {
  const stock = page.getByRole('navigation').getByRole('link', { name: '貸出カード' });
  await stock.click();
  await page.getByText('貸出カードはありません').waitFor();
  await keep(page, 'loan-cards-none');
  await page.getByRole('button', { name: '貸出カードを登録' }).click();
  await dialog().getByLabel('使う端末').selectOption({ value: terminal.id });
  await dialog().getByLabel('カードの呼び名').fill('貸出 1');
  await keep(page, 'loan-card-enrol');
  await dialog().getByRole('button', { name: '端末で始める' }).click();
  // The steps of enrolling the person's card and PIN came before.
  const { order } = await terminal.next('ceremony');
  assert.equal((await terminal.giveCard(order.ceremony, hands.spare)).status, 200);
  await dialog().getByText('を在庫に加えました').waitFor();
  await dialog().getByRole('button', { name: '完了' }).click();
  await page.getByText('在庫 1 枚／全 1 枚').waitFor();

  await hands.open(page, '職員');
  await page.getByRole('link', { name: '佐藤 花子' }).click();
  const actions = await countActions(page);
  await page.getByRole('button', { name: 'カードの紛失・忘れ' }).click();
  await dialog().getByRole('radio', { name: '忘れた' }).check();
  await dialog().getByRole('radio', { name: '面識がある' }).check();
  await dialog().getByRole('button', { name: '次へ' }).click();
  await dialog().getByRole('radio', { name: '貸出カード' }).check();
  await keep(page, 'substitute-loan-card');
  await dialog().getByRole('button', { name: '渡す', exact: true }).click();
  await dialog().getByText('貸出カード「貸出 1」').waitFor();
  assert.equal(await actions(), 6);
  await dialog().getByRole('button', { name: '完了' }).click();

  await stock.click();
  const row = page.getByRole('row', { name: '貸出 1' });
  await row.getByText('貸出中', { exact: true }).waitFor();
  await row.getByRole('link', { name: '佐藤 花子' }).waitFor();
  await keep(page, 'loan-cards');
  assert.equal(await openBy('/v1/attempts', { card: hands.spare }), 200);
  assert.equal(await openBy('/v1/attempts', { card: hands.badge }), 200);
  await row.getByText('在庫', { exact: true }).waitFor();

  await row.getByRole('button', { name: '貸出カード「貸出 1」' }).click();
  await dialog().getByRole('radio', { name: '破損・交換' }).check();
  await dialog().getByRole('button', { name: '廃止', exact: true }).click();
  await dialog().getByText('すべての端末に送りました').waitFor();
  await dialog().getByRole('button', { name: '完了' }).click();
  await row.getByText('廃止', { exact: true }).waitFor();
});

test('a lost card is replaced by keys alone, and is revoked for good', async () => {
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '佐藤 花子' }).click();
  await page.getByRole('button', { name: 'カードの紛失・忘れ' }).press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('radio', { name: 'なくした' }).and(page.locator(':checked')).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await dialog().getByText('元には戻せません').waitFor();
  await page.keyboard.press('Enter');
  await dialog().locator('output').waitFor();
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'カード', exact: true }).getByText('失効済み').waitFor();
  assert.equal(await openBy('/v1/attempts', { card: hands.badge }), 403);
  assert.deepEqual(heard, []);
});
