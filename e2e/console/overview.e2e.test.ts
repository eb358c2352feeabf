import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { complaints } from './hands.ts';
import { createHospitalWorld, type HospitalWorld, signIn } from './hospital-world.ts';
import { catchPrint, keep, keepPrint } from './pictures.ts';

const size = ['--people', '200', '--cards', '330', '--terminals', '160', '--events', '9000', '--days', '9'];
let world: HospitalWorld;
let admin: Page;
let auditor: Page;
let heard: readonly string[];

const go = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name, exact: true }).click();
const number = (text: string | null): number => Number((text ?? '').replace(/[^\d]/g, ''));

before(async () => {
  world = await createHospitalWorld(size);
  admin = await signIn(world, world.made.signIns.admin);
  // A code is good once: each signs in once.
  auditor = await signIn(world, world.made.signIns.auditor);
  heard = complaints(admin);
});
after(() => world?.stop());

test('an admin sees at once how the hospital is and what waits for somebody', async () => {
  await admin.getByRole('heading', { level: 1, name: '概況' }).waitFor();
  await admin.getByRole('link', { name: /緊急利用 2 件が確認を待っています/ }).waitFor();
  await admin.getByRole('link', { name: /承認待ち 3 件/ }).waitFor();
  const tiles = admin.locator('.tile');
  assert.ok(number(await tiles.filter({ hasText: '接続中の端末' }).locator('.tile-value').textContent()) > 100);
  await tiles
    .filter({ hasText: 'カードから画面まで' })
    .getByText(/うちシステムの処理時間/)
    .waitFor();
  await tiles.filter({ hasText: '最後のバックアップ' }).getByText('消せない場所にも保存済み').waitFor();
  await admin.getByRole('table', { name: '失敗の原因' }).getByText('本人確認の失敗: 不一致').waitFor();
  await keep(admin, 'overview');
});

test('what a chart shows is read as a sentence and as a table by who does not see it', async () => {
  await admin.goto(`${world.origin}/console/#/overview`);
  const chart = admin.getByRole('figure', { name: '時間ごとのログイン' });
  const said = await chart.getByRole('img').getAttribute('aria-label');
  const [, logins = ''] = /ログイン ([\d,]+) 件/.exec(said ?? '') ?? [];
  await chart.getByText('数値を表で見る').focus();
  await admin.keyboard.press('Enter');
  const rows = chart.getByRole('table').locator('tbody tr');
  assert.equal(await rows.count(), 24);
  const cells = await rows.locator('td:first-of-type').allTextContents();
  assert.equal(
    cells.map(number).reduce((sum, one) => sum + one, 0),
    number(logins),
  );
  await keep(admin, 'overview-chart-as-table');
});

test('what is done elsewhere is on the page without a hand', async () => {
  await go(auditor, '緊急利用の確認');
  await auditor.getByRole('main').getByRole('button', { name: /確認/ }).first().click();
  const dialog = auditor.getByRole('dialog');
  await dialog.getByLabel('問題なし').check();
  await dialog.getByLabel('確認した内容と所見').fill('当直中のカード忘れ。');
  await dialog.getByRole('button', { name: '確認済みにする' }).click();
  await dialog.getByRole('button', { name: '完了' }).click();
  await admin.getByRole('link', { name: /緊急利用 1 件が確認を待っています/ }).waitFor();
});

test('an admin finds the terminal that is slow, by order and by name', async () => {
  await admin.getByRole('link', { name: '端末ごとの時間を見る' }).click();
  await admin.getByRole('heading', { level: 1, name: '端末ごとの時間' }).waitFor();
  const table = admin.getByRole('table', { name: '端末ごとの時間' });
  const first = table.locator('tbody tr').first();
  const top = await first.locator('.line-title').textContent();
  await admin.getByText(/台中 1〜50 台目/).waitFor();
  await keep(admin, 'speeds');
  await admin.getByRole('button', { name: '次へ' }).click();
  await admin.getByText(/台中 51〜100 台目/).waitFor();
  await admin.getByLabel('端末名・場所').fill(top ?? '');
  await admin.getByText(/^1 台中 1〜1 台目/).waitFor();
  assert.equal(await table.locator('tbody tr').count(), 1);
  await admin.getByLabel('端末名・場所').fill('どこにもない');
  await admin.getByText('あてはまる端末はありません').waitFor();
});

test('an auditor makes a report of some days, and its parts add up', async () => {
  await go(auditor, '報告書');
  await auditor.getByRole('heading', { level: 1, name: '利用状況の報告書' }).waitFor();
  await auditor.getByRole('button', { name: '直近 7 日間' }).click();
  const places = auditor.getByRole('table', { name: '場所' });
  await places.waitFor();
  const tile = auditor
    .locator('.tile')
    .filter({ hasText: /^ログイン/ })
    .locator('.tile-value');
  await auditor.waitForFunction(() => !/^0$/.test(document.querySelector('.tile-value')?.textContent ?? '0'));
  const all = number(await tile.textContent());
  const ofPlaces = await places.locator('tbody td:nth-of-type(1)').allTextContents();
  assert.equal(
    ofPlaces.map(number).reduce((sum, one) => sum + one, 0),
    all,
  );
  const ready = auditor.locator('.tile').filter({ hasText: 'カードから利用開始まで（中央値）' });
  assert.match(await ready.locator('.tile-value').innerText(), /^[\d.,]+ m?s$/);
  assert.match(await ready.innerText(), /95% は .+ 以内。うちシステムの処理時間：中央値 .+、95% .+（[\d,]+ 件）/);
  await keep(auditor, 'report');
  const prints = await catchPrint(auditor);
  await auditor.getByRole('button', { name: '印刷・PDF' }).click();
  assert.equal(await prints(), 1);
  const paper = await keepPrint(auditor, 'report-on-paper');
  assert.match(paper, /場所ごと|By place/);
  assert.doesNotMatch(paper, /サインアウト|Sign out|数値を表で見る|See the numbers/, 'no controls go on paper');
  // The address keeps the days.
  await auditor.goto(`${world.origin}/console/#/report?from=2001-01-01&to=2001-01-31`);
  await auditor.getByText('失敗はありません').waitFor();
  await keep(auditor, 'report-empty');
  await auditor.goto(`${world.origin}/console/#/report?from=2001-01-01&to=2003-01-31`);
  await auditor.getByText(/報告の期間は/).waitFor();
  await auditor.getByLabel('終了日').fill('');
  await auditor.getByText('開始日と終了日を選んでください').waitFor();
});

test('an operator sees the overview and no more than they may', async () => {
  const operator = await signIn(world, world.made.signIns.operator);
  await operator.getByRole('heading', { level: 1, name: '概況' }).waitFor();
  await operator.getByText(/緊急利用 1 件が確認を待っています/).waitFor();
  assert.equal(await operator.getByRole('link', { name: /緊急利用/ }).count(), 0, 'said, but not led to');
  assert.equal(await operator.getByRole('link', { name: '報告書' }).count(), 0);
});

test('a server that does not answer is said, with a way to ask again, at 200 % zoom too', async () => {
  await admin.route('**/v1/overview', (route) => route.abort());
  await admin.setViewportSize({ width: 640, height: 360 });
  await admin.goto(`${world.origin}/console/#/people`);
  await admin.getByRole('heading', { level: 1, name: '職員' }).waitFor();
  await admin.goto(`${world.origin}/console/#/overview`);
  await admin.getByRole('button', { name: 'もう一度試す' }).waitFor();
  await keep(admin, 'overview-failed');
  await admin.unroute('**/v1/overview');
  await admin.locator('.failed').getByRole('button').click();
  await admin.getByRole('figure').waitFor();
  await keep(admin, 'overview-zoomed');
  const sideways = await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(sideways <= 0, `${sideways} pixels beside the page`);
  assert.deepEqual(heard, []);
});

test('the first load of the console is at most 300 KiB on the wire', async () => {
  const page = await world.browser('ja');
  await page.goto(`${world.origin}/console/`);
  await page.getByLabel('職員番号').waitFor();
  const loaded = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter(({ name }) => name.includes('/console/'))
      .map((entry) => entry as PerformanceResourceTiming)
      .map(({ name, encodedBodySize, decodedBodySize }) => ({ name, encodedBodySize, decodedBodySize })),
  );
  const bytes = loaded.reduce((sum, one) => sum + one.encodedBodySize, 0);
  assert.ok(loaded.length >= 3 && bytes > 50 * 1024, JSON.stringify(loaded));
  assert.ok(bytes <= 300 * 1024, `${bytes} bytes`);
  assert.ok(
    loaded.every((one) => one.decodedBodySize < 2000 || one.encodedBodySize < one.decodedBodySize),
    'compressed',
  );
});
