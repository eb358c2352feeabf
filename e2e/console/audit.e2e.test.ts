import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import { countHands, countKeys } from './counted.ts';
import * as hands from './hands.ts';
import { catchPrint, keep, keepPrint } from './pictures.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { adminTasks } from './tasks/admin.ts';
import { auditorTasks } from './tasks/auditor.ts';

let world: ConsoleWorld;
let page: Page;
let second: Page;
let auditor: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  // Whoever looks at a hospital from elsewhere reads its days.
  page = await world.browser('ja', 'America/New_York');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, '3東-NS-02');
  await hands.addPerson(page, { number: '104233', name: '鷲尾 千種', kana: 'ワシオ チグサ' });
  await hands.enrol(page, terminal, hands.badge, '83106274');
  for (let times = 0; times < 3; times += 1) {
    const session = await terminal.logIn(hands.badge, '83106274');
    await terminal.post(`/v1/sessions/${session}/end`, { reason: 'button', endedAt: new Date().toISOString() });
  }
  second = await hands.invite(world, page, 'admin', '管理者');
  second.setDefaultTimeout(10_000);
});
after(() => world?.stop());

const go = async (name: string, of = page): Promise<void> => {
  await of.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name, exact: true }).click();
  await of.getByRole('heading', { level: 1, name, exact: true }).waitFor();
};
const field = (path: string) => page.locator(`[data-path="${path}"]`);
const plan = () => page.getByRole('button', { name: '影響を確かめる' }).click();
const apply = () => page.getByRole('button', { name: '適用する' });

test('an admin reads the policy in force with the clause beside each value', async () => {
  await go('ポリシー');
  await page.getByText('第 0 版を適用中').waitFor();
  const shortest = page.locator('.policy-value', { hasText: '最短の桁数' });
  assert.match(await shortest.innerText(), /8 桁[\s\S]*8 桁 以上[\s\S]*システム運用編 14⑥/);
  await keep(page, 'policy');
});

test('a value below the floor is refused at its field, with the limit', async () => {
  await page.getByRole('button', { name: '下書きを始める' }).click();
  await field('pin.shortest').getByLabel('最短の桁数').fill('6');
  await field('session.minutes').getByLabel('セッションの上限').fill('');
  await plan();
  // What is no number at all is told first.
  await field('session.minutes').getByText('この値は使えません').waitFor();
  await field('session.minutes').getByLabel('セッションの上限').fill('480');
  await plan();
  await field('pin.shortest').getByText('8 以上にしてください').waitFor();
  assert.equal(await field('pin.shortest').getByLabel('最短の桁数').getAttribute('aria-invalid'), 'true');
  assert.equal(await apply().count(), 0, 'a bad draft cannot be put in force');
  await keep(page, 'policy-problem');
  await field('pin.shortest').getByLabel('最短の桁数').fill('10');
});

test('a rule is written in plain words, and what it would have changed is shown as a picture', async () => {
  await page.getByRole('button', { name: '規則を足す' }).click();
  const rule = page.getByRole('group', { name: '規則 1' });
  await rule.getByLabel('カードと一緒に求めるもの').selectOption({ label: '認証アプリ' });
  await rule.getByRole('checkbox', { name: '番号で識別' }).check();
  await rule.getByLabel('ネットワーク').fill('127.0.0.0/8');
  await rule.getByLabel('規則の名前').fill('写せるカード');
  await page.getByText('写せるカード：').first().waitFor();
  await page.getByText('変更 3 件').waitFor();
  await keep(page, 'policy-draft');
  await plan();
  await page.getByRole('heading', { name: '過去 7 日の認証で確かめた影響' }).waitFor();
  const run = await page.locator('.dry-run').innerText();
  assert.match(run, /3\s*件の結果が変わります（認証 3 件中）/);
  assert.match(run, /診療職員[\s\S]*カード＋1要素 3[\s\S]*拒否 3/);
  assert.match(run, /規則「写せるカード」の要素を本人が未設定[\s\S]*新たに拒否 3/);
  assert.match(run, /1 名は一度も端末を開けなくなります[\s\S]*鷲尾 千種/);
  const diff = page.getByRole('table', { name: '変わる内容' });
  assert.match(await diff.innerText(), /最短の桁数\s+8 桁\s+10 桁/);
  await keep(page, 'policy-run');
});

test('a draft waits for a second admin where policy wants one, survives another page, and is put in force', async () => {
  // Takes the rule away again, and has policies need a second person from now on.
  await page.getByRole('button', { name: '値を直す' }).click();
  await page.locator('.policy-rule summary').click();
  await page.locator('.policy-rule').getByRole('button', { name: '「写せるカード」を消す' }).click();
  await field('fourEyes').getByRole('checkbox', { name: 'ポリシーの適用' }).check();
  await plan();
  assert.ok(await apply().isDisabled(), 'a reason comes first');
  await page.getByLabel('変更の理由').fill('夜勤の要望');
  await apply().click();
  await page.getByText('第 1 版を適用しました').waitFor();
  await page.getByText('第 1 版を適用中').waitFor();
  await page.getByRole('button', { name: '下書きを始める' }).click();
  await field('session.idleSeconds').getByLabel('操作がないとロックするまで').fill('300');
  await go('職員');
  await go('ポリシー');
  await plan();
  await page.getByLabel('変更の理由').fill('離席対策');
  await apply().click();
  await page.getByText('ほかの担当者の承認を待っています').waitFor();
  await keep(page, 'policy-waits');
  await hands.open(second, '承認');
  const asked = second.getByRole('row', { name: '操作がないとロックするまで' });
  assert.match(await asked.innerText(), /600 秒（10 分）\s+300 秒（5 分）/);
  await second.getByText('離席対策 · ').waitFor();
  await keep(second, 'policy-asked');
  await second.getByLabel('理由').fill('確認した');
  await second.getByRole('button', { name: '承認する' }).click();
  await page.getByText('管理者 次郎 さんが承認しました').waitFor();
  await apply().click();
  await page.getByText('第 2 版を適用しました').waitFor();
});

test('an earlier version is gone back to by a draft', async () => {
  await page.getByText('変更 3 件').click();
  await keep(page, 'policy-history');
  await page.getByRole('button', { name: '第 1 版に戻す下書き' }).click();
  await page.getByText('今は 300 秒（5 分）').waitFor();
  assert.equal(await field('session.idleSeconds').getByLabel('操作がないとロックするまで').inputValue(), '600');
  await page.getByRole('button', { name: '下書きを捨てる' }).click();
  await page.getByText('第 2 版を適用中').waitFor();
});

test('an auditor finds unused accounts and those without a factor, sorts them, and saves them as a file', async () => {
  // A name that a spreadsheet would take for a command.
  await hands.addPerson(page, { number: '=1+1', name: '=cmd|calc 一郎', kana: 'シキ' });
  await go('アカウントの棚卸し');
  const tile = (name: string) => page.getByRole('button', { name, exact: true });
  await tile('4 全員').waitFor();
  await keep(page, 'accounts');
  await tile('1 認証要素なし').click();
  await page.getByText('暗証番号も認証アプリもなく').waitFor();
  await page.getByText('1 名（1 / 1 ページ）').waitFor();
  assert.equal(await page.getByRole('row').count(), 2);
  await page.getByRole('row', { name: '=cmd|calc 一郎' }).getByText('カードなし').waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV で保存' }).click(),
  ]);
  await page.getByText('1 名を保存しました').waitFor();
  const text = readFileSync(await file.path(), 'utf8');
  assert.match(text, /^\uFEFF職員番号,氏名,/);
  assert.match(text, /\r\n'=1\+1,'=cmd\|calc 一郎,シキ,利用可,診療職員,/);
  await keep(page, 'accounts-no-factor');
  // The address leads there again.
  await page.reload();
  await page.getByText('1 名（1 / 1 ページ）').waitFor();
  await tile('1 認証要素なし').click();
  await page.getByRole('button', { name: '最後の利用' }).click();
  await page.locator('th[aria-sort="descending"]', { hasText: '最後の利用' }).waitFor();
  await page.getByRole('cell', { name: '3東-NS-02' }).waitFor();
  await page.getByLabel('氏名・フリガナ・職員番号').fill('わしお');
  await page.getByText('1 名（1 / 1 ページ）').waitFor();
  assert.match(await page.getByRole('row').last().innerText(), /鷲尾 千種[\s\S]*暗証番号/);
});

test('a periodic review is begun, its findings written and signed; it is due until then and kept as it was', async () => {
  await go('定期レビュー');
  await page.getByText('定期レビューはまだ署名されていません').waitFor();
  await page.getByRole('link', { name: '緊急利用の確認 待ちなし' }).waitFor();
  await keep(page, 'periodic-none');
  await page.getByRole('button', { name: 'レビューを始める' }).click();
  await page.getByRole('dialog').getByText('期間の件数と一覧を今の状態で固定します').waitFor();
  await keep(page, 'periodic-begin');
  const asked = page.waitForRequest('**/v1/periodic-reviews');
  await page.getByRole('dialog').getByRole('button', { name: '件数を固定する' }).click();
  const days = (await asked).postDataJSON() as { readonly from: string; readonly until: string };
  for (const at of Object.values(days)) assert.match(at, /T15:00:00\.000Z$/, 'midnight in Tokyo');
  await page.getByRole('heading', { level: 1, name: '第 1 回レビュー' }).waitFor();
  const figure = (name: string) => page.locator('.figure', { hasText: name }).locator('dd').innerText();
  assert.equal(await figure('端末の利用'), '3');
  assert.equal(await figure('ポリシーの変更'), '2');
  await page.getByRole('region', { name: '二人で承認した操作' }).getByText('実行済み').waitFor();
  const sign = page.getByRole('button', { name: '署名する' });
  await page.getByRole('radio', { name: '対応が必要' }).check();
  assert.ok(await sign.isDisabled(), 'findings come first');
  await page.getByLabel('所見').fill('要素のない方が一名。\nヘルプデスクに登録を依頼した。');
  // What was begun to be written is there again after a look elsewhere.
  await go('承認');
  await go('定期レビュー');
  await page.getByRole('link', { name: '第 1 回レビュー' }).click();
  await page.getByRole('radio', { name: '対応が必要' }).check();
  await keep(page, 'periodic-open');
  await sign.click();
  await page.locator('.found-out', { hasText: 'ヘルプデスクに登録を依頼した' }).waitFor();
  assert.equal(await sign.count(), 0, 'it is signed once');
  await keepPrint(page, 'periodic-paper');
  await go('定期レビュー');
  await page.getByText(/次回の期日は \d{4}-\d{2}-\d{2} です/).waitFor();
  await page.getByRole('row', { name: '第 1 回レビュー' }).getByText('対応が必要').waitFor();
  await keep(page, 'periodic-signed');
  // A hospital makes a dozen a year: they are found by what was written.
  await page.getByLabel('回・署名した人・所見の文で探す').fill('ヘルプデスク');
  await page.getByText('1 件中 1 件を表示').waitFor();
  await page.getByLabel('状態').selectOption({ label: '問題なし' });
  await page.getByText('条件に合うものはありません').waitFor();
  await page.getByText(/次回の期日は \d{4}-\d{2}-\d{2} です/).waitFor();
  await page.getByRole('button', { name: '絞り込みを解除' }).click();
  await page.getByRole('columnheader', { name: '次回の期日' }).getByRole('button').click();
  await page.locator('th[aria-sort="ascending"]', { hasText: '次回の期日' }).waitFor();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const file = readFileSync(await saved.path(), 'utf8');
  assert.match(file, /\r\n1,.*,対応が必要,管理 一郎,.*,"要素のない方が一名。\nヘルプデスクに登録を依頼した。",\d{4}-/);
});

test('the checklist shows what is met with its evidence, follows the state, leads to what is missing, and prints', async () => {
  await go('ガイドライン適合');
  const item = (name: string) => page.getByRole('region', { name });
  await item('記録を定期的に確認する').getByText('適合', { exact: true }).waitFor();
  await item('記録を定期的に確認する')
    .getByText(/最後の定期レビュー .*署名 管理 一郎/)
    .waitFor();
  await item('複数世代のバックアップを守って残す').getByText('未適合').waitFor();
  await item('二要素認証を行う').getByText('認証要素のない方 1 名').waitFor();
  await keep(page, 'checklist');
  const prints = await catchPrint(page);
  await page.getByRole('button', { name: '印刷' }).click();
  assert.equal(await prints(), 1);
  const paper = await keepPrint(page, 'checklist-paper');
  assert.match(paper, /運用編 14⑤[\s\S]*運用編 17①/);
  assert.doesNotMatch(paper, /直す画面へ/);
  await item('二要素認証を行う').getByRole('link', { name: '直す画面へ' }).click();
  await page.getByText('1 名（1 / 1 ページ）').waitFor();
});

test('an auditor reads the policy and the drafts of nobody, and signs what an admin may only look at', async () => {
  auditor = await hands.invite(world, page, 'auditor', '監査担当');
  auditor.setDefaultTimeout(10_000);
  await go('ポリシー', auditor);
  await auditor.getByText('第 2 版を適用中').waitFor();
  assert.equal(await auditor.getByRole('button', { name: /下書き/ }).count(), 0);
  await go('定期レビュー', auditor);
  await auditor.getByRole('button', { name: 'レビューを始める' }).waitFor();
  await go('定期レビュー', second);
  await second.getByRole('row', { name: '第 1 回レビュー' }).waitFor();
  assert.equal(await second.getByRole('button', { name: 'レビューを始める' }).count(), 0);
});

adminTasks({ language: 'ja', seat: () => ({ page: second, terminal }), hands: countHands });
adminTasks({ language: 'en', seat: () => ({ page: second, terminal }), hands: countKeys });
auditorTasks({ language: 'ja', seat: () => ({ page: auditor, terminal }), hands: countHands });
auditorTasks({ language: 'en', seat: () => ({ page: auditor, terminal }), hands: countKeys });

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
