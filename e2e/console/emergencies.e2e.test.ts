import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { catchPrint, keep, keepPrint } from './pictures.ts';
import { createSaid, type Language } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { switchTo } from './tasks/seat.ts';

let world: ConsoleWorld;
let page: Page;
let second: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];
/** Serial number and code of each slip. */
let slips: readonly (readonly [string, string])[] = [];

before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, '3東-NS-02');
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  second = await hands.invite(world, page, 'admin', '管理者');
  second.setDefaultTimeout(10_000);
});
after(() => world?.stop());

const dialog = () => page.getByRole('dialog');
const go = (name: string) => page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name }).click();

/** Opens the terminal for 佐藤 花子, as somebody does at night with a slip in hand. */
async function open(code: string): Promise<number> {
  const begun = await terminal.post('/v1/emergencies', { lock: randomUUID(), code });
  if (begun.status !== 200) return begun.status;
  const path = `/v1/emergencies/${String(begun.body['attempt'])}`;
  const named = await terminal.post(`${path}/colleague`, { ticket: begun.body['ticket'], number: '104233' });
  const opened = await terminal.post(`${path}/open`, { ticket: named.body['ticket'], reason: 'patient-urgent' });
  return opened.status;
}

test('a sheet of emergency codes takes a second admin, is seen once, and is printed', async () => {
  await go('緊急コード');
  await page.getByText('緊急コードはありません').waitFor();
  await keep(page, 'emergency-none');
  await page.getByRole('button', { name: 'コードを作成' }).click();
  await dialog().getByLabel('コードの数').fill('3');
  await dialog().getByLabel('保管場所').fill('3階東病棟の金庫');
  await dialog().getByRole('button', { name: 'コードを作成' }).click();
  await dialog().getByText('ほかの担当者の承認を待っています').waitFor();
  await keep(page, 'emergency-waits');
  await hands.open(second, '承認');
  await second.getByLabel('理由').fill('計画どおり');
  await second.getByRole('button', { name: '承認する' }).click();
  await dialog().getByText('管理者 次郎 さんが承認しました').waitFor();
  const prints = await catchPrint(page);
  await dialog().getByRole('button', { name: 'コードを作成' }).click();
  await dialog().getByRole('heading', { name: 'の緊急コードを作成しました' }).waitFor();
  await keep(page, 'emergency-made');
  const rows = await dialog().getByRole('row').allTextContents();
  slips = rows.slice(1).map((row) => [row.replace(/(\d{4}-){4}\d{4}$/, ''), row.slice(-24)]);
  assert.equal(slips.length, 3);
  await dialog().getByRole('button', { name: '印刷' }).click();
  assert.equal(await prints(), 1);
  const paper = await keepPrint(page, 'emergency-paper');
  for (const [serial, code] of slips) assert.ok(paper.includes(serial) && paper.includes(code), paper);
  await hands.insistOnEscape(page);
  await dialog().getByRole('button', { name: '完了' }).click();
  await page.getByText('未使用 3・使用済み 0・無効 0').waitFor();
  const html = await page.content();
  for (const [, code] of slips) assert.ok(!html.includes(code), 'a code is on the page after it was closed');
});

test('a use shows at once in the count and in the queue, and is signed off once with what was found', async () => {
  await go('緊急利用の確認');
  await page.getByText('緊急利用はありません').waitFor();
  assert.equal(await open(slips[0]?.[1] ?? ''), 200);
  await page.getByText('確認待ち 1 件').waitFor();
  await keep(page, 'reviews-waiting');
  await page.getByRole('button', { name: '佐藤 花子 さんの緊急利用を確認' }).click();
  const sign = dialog().getByRole('button', { name: '確認済みにする' });
  await dialog().getByRole('radio', { name: '問題なし' }).check();
  assert.ok(await sign.isDisabled(), 'findings come first');
  await dialog().getByLabel('確認した内容と所見').fill('病棟の記録と照合した');
  await keep(page, 'review-sign-off');
  await sign.click();
  await dialog().getByText('確認済みにしました').waitFor();
  await dialog().getByRole('button', { name: '完了' }).click();
  await page.getByText('すべて確認済みです').waitFor();
  await page.getByText('病棟の記録と照合した').waitFor();
  await keep(page, 'reviews-done');
});

test('unused codes are retired, and open nothing then', async () => {
  await go('緊急コード');
  await page.getByText('未使用 2・使用済み 1・無効 0').waitFor();
  await page.getByRole('button', { name: 'の未使用コードを無効にする' }).click();
  await dialog().getByRole('radio', { name: '通し番号で選ぶ' }).check();
  await dialog()
    .getByRole('checkbox', { name: slips[1]?.[0] ?? '' })
    .check();
  await dialog().getByLabel('理由').fill('封筒の紛失');
  await keep(page, 'emergency-void');
  await dialog().getByRole('button', { name: '無効にする', exact: true }).click();
  await dialog().getByText('1 個のコードを無効にしました').waitFor();
  await dialog().getByRole('button', { name: '完了' }).click();
  await page.getByText('未使用 1・使用済み 1・無効 1').waitFor();
  await page.getByText('通し番号の一覧').click();
  await keep(page, 'emergency-codes');
  // Whoever holds a slip finds its sheet; the file names every slip and no code.
  await page.getByLabel('シート・通し番号・グループ・置き場所で探す').fill(slips[2]?.[0] ?? '');
  await page.getByText('1 件中 1 件を表示').waitFor();
  await page.getByLabel('状態').selectOption({ label: '未使用なし' });
  await page.getByText('条件に合うものはありません').waitFor();
  await page.getByRole('region', { name: 'グループごとの未使用コード' }).getByText('残り 1').waitFor();
  await page.getByRole('button', { name: '絞り込みを解除' }).click();
  await page.getByText('1 件中 1 件を表示').waitFor();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const file = readFileSync(await saved.path(), 'utf8');
  const [used, voided, unused] = slips.map(([serial]) => serial);
  assert.match(file, /,3階東病棟の金庫,/);
  assert.ok(file.endsWith(`,管理者 次郎,${unused},${used},${voided}\r\n`), file);
  for (const [, code] of slips) assert.ok(!file.includes(code), 'a code is in the file');
  assert.equal(await open(slips[1]?.[1] ?? ''), 403);
  assert.equal(await open(slips[2]?.[1] ?? ''), 200);
  assert.deepEqual(heard, []);
});

for (const language of ['ja', 'en'] as const satisfies readonly Language[]) {
  test(`in ${language}, that an act was agreed to is seen however many others wait`, async () => {
    const say = createSaid(language);
    const own = language === 'ja' ? '7' : '8';
    await switchTo(page, language);
    await page
      .getByRole('navigation')
      .getByRole('link', { name: say('nav.emergency-codes') })
      .click();
    await page.getByRole('button', { name: say('emergency.make') }).click();
    await dialog().getByLabel(say('emergency.count')).fill(own);
    await dialog()
      .getByRole('button', { name: say('emergency.make') })
      .click();
    await dialog().getByText(say('approval.waiting')).waitFor();
    await page.evaluate(async () => {
      const me = (await (await fetch('/v1/console/me')).json()) as { csrf: string };
      const headers = { 'content-type': 'application/json', 'x-kazasu-csrf': me.csrf };
      for (let place = 1; place <= 50; place += 1)
        await fetch('/v1/emergency-codes', {
          method: 'POST',
          headers,
          body: JSON.stringify({ group: '', count: 1, note: `${document.documentElement.lang} ${place}` }),
        });
    });
    await second.goto(`${world.origin}/console/#/approvals?search=${encodeURIComponent(`: ${own}`)}`);
    await second.getByText('1 件中 1 件を表示').waitFor();
    await second.getByLabel('理由').fill('計画どおり');
    await second.getByRole('button', { name: '承認する' }).click();
    await dialog()
      .getByText(say('approval.given', { name: '管理者 次郎' }))
      .waitFor();
    await dialog()
      .getByRole('button', { name: say('common.cancel') })
      .click();
  });
}
