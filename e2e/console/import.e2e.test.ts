import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { Agent, request } from 'undici';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';

let world: ConsoleWorld;
let page: Page;
let heard: readonly string[];
before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  await hands.open(page, '職員');
});
after(() => world?.stop());

const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);
const choose = async (name: string, buffer: Buffer): Promise<void> => {
  await page.getByLabel('ファイル', { exact: true }).setInputFiles({ name, mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: '内容を確認' }).click();
};

/** Header, 髙橋 花子 and 山田 太郎 (helpdesk) with half-width kana, in CP932. */
const shiftJis = [
  '904588f594d48d862c8e8196bc2c8374838a834b83692c96f08a840d0a532d3130302ceee08bb42089d48e712cc0b6cabc20',
  'cac5ba2c0d0a532d3130312c8e5293632091be98592cd4cfc0de20c0dbb32c8377838b837683668358834e0d0a',
].join('');

test('a list in Shift_JIS is shown before anything happens, and then imported exactly so', async () => {
  await page.getByRole('link', { name: 'CSVから取り込む' }).click();
  await page.getByRole('heading', { level: 1, name: 'CSVから取り込む' }).waitFor();
  await clean('choose');
  await choose('shokuin.csv', Buffer.from(shiftJis, 'hex'));
  await page.getByRole('heading', { name: '追加 2 人・変更 0 人・利用停止 0 人・変更なし 0 人' }).waitFor();
  const row = page.getByRole('row', { name: 'S-101' });
  assert.match((await row.textContent()) ?? '', /山田 太郎ヤマダ タロウヘルプデスク/);
  await clean('preview');
  await page.getByRole('button', { name: 'この内容で取り込む' }).click();
  await page.getByText('取り込みました：追加 2 人').waitFor();
  await clean('report');
  await page.getByRole('link', { name: '記録を見る' }).click();
  await page.getByText('職員の一覧を取り込みました').first().waitFor();
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '髙橋 花子' }).waitFor();
});

test('lines that cannot be taken are named, and nothing can be imported', async () => {
  await page.getByRole('link', { name: 'CSVから取り込む' }).click();
  const text = 'number,name,roles\nS-102,ok,clinician\nS-103,,院長\nS-100,twice,\ns-100,twice,\n';
  await choose('wrong.csv', Buffer.from(text));
  await page.getByRole('heading', { name: '取り込めない箇所が 3 件あります' }).waitFor();
  const problems = page.getByRole('table', { name: '取り込めない箇所' }).getByRole('row');
  assert.deepEqual((await problems.allTextContents()).slice(1), [
    '3氏名空欄です',
    '3役割役割の名前が正しくありません',
    '5職員番号同じ職員番号が 4 行目にもあります',
  ]);
  assert.equal(await page.getByRole('button', { name: 'この内容で取り込む' }).count(), 0);
  await clean('problems');
});

test('whoever is not in the file is suspended only when that is chosen, and shown by name first', async () => {
  const text = '職員番号,氏名\nS-101,山田 次郎\n';
  await choose('all.csv', Buffer.from(text));
  await page.getByRole('heading', { name: '変更 1 人・利用停止 0 人' }).waitFor();
  await page.getByRole('checkbox', { name: 'ファイルにない職員を利用停止にする' }).check();
  await page.getByRole('button', { name: '内容を確認' }).click();
  await page.getByText('1 人が利用停止になります').waitFor();
  assert.match((await page.getByRole('row', { name: 'S-100' }).textContent()) ?? '', /ファイルにない.*髙橋 花子/);
  const changed = page.getByRole('table', { name: '変更 1 人' });
  assert.match((await changed.getByRole('row', { name: 'S-101' }).textContent()) ?? '', /山田 太郎山田 次郎/);
  await clean('suspending');
  await page.getByRole('button', { name: 'この内容で取り込む' }).click();
  await page.getByText('利用停止 1 人').first().waitFor();
});

test('a person is changed, and a suspension is taken back', async () => {
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '髙橋 花子' }).click();
  await page.getByRole('button', { name: '利用を再開' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('理由').fill('一覧の誤り');
  await clean('resume');
  await dialog.getByRole('button', { name: '再開する' }).click();
  await page.getByText('利用中', { exact: true }).waitFor();
  await page.getByRole('button', { name: '登録内容を変更' }).click();
  await dialog.getByLabel('氏名').fill('髙橋 はな');
  await dialog.getByRole('checkbox', { name: '監査担当' }).check();
  await clean('change');
  const asked = page.waitForRequest(/\/v1\/people\/[^/]+\/change$/);
  await dialog.getByRole('button', { name: '変更する' }).click();
  const sent = (await asked).postDataJSON() as object;
  assert.deepEqual(Object.keys(sent).sort(), ['name', 'roles'], 'what others may change meanwhile is left alone');
  await page.getByRole('heading', { level: 1, name: '髙橋 はな' }).waitFor();
});

test('a directory is connected by a token, keeps people, and is disconnected', async () => {
  await page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name: 'ディレクトリ連携' }).click();
  await page.getByText('連携はまだありません').waitFor();
  await clean('no directory');
  await page.getByRole('button', { name: '連携を追加' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('連携の名前').fill('人事システム');
  await dialog.getByRole('button', { name: 'トークンを発行' }).click();
  const token = (await dialog.locator('output').textContent()) ?? '';
  await clean('token');
  await hands.insistOnEscape(page);
  await dialog.locator('output').waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();
  const dispatcher = new Agent({ connect: { ca: readFileSync(world.authority, 'utf8') } });
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const sent = { dispatcher, method: 'POST', headers, body: JSON.stringify(body) } as const;
    const answer = await request(`${world.origin}/scim/v2/${path}`, sent);
    return { status: answer.statusCode, body: (await answer.body.json()) as { id: string } };
  };
  const user = await post('Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'S-200',
    displayName: '佐藤 三郎',
  });
  assert.equal(user.status, 201);
  const group = { displayName: '総合案内', members: [{ value: user.body.id }] };
  assert.equal(
    (await post('Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], ...group })).status,
    201,
  );
  await page.getByLabel('「総合案内」の役割').selectOption({ label: 'ヘルプデスク' });
  await clean('groups');
  await hands.open(page, '職員');
  await page.getByRole('row', { name: '佐藤 三郎' }).getByText('ヘルプデスク').waitFor();
  await hands.open(page, '記録');
  await page.getByText('ディレクトリ「人事システム」').first().waitFor();
  await page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name: 'ディレクトリ連携' }).click();
  await page.getByRole('button', { name: '「人事システム」との連携を解除' }).click();
  await dialog.getByLabel('理由').fill('入れ替え');
  await dialog.getByRole('button', { name: '解除', exact: true }).click();
  await page.getByRole('row', { name: '人事システム' }).getByText('解除済み').waitFor();
  assert.equal((await post('Users', { schemas: ['x'], userName: 'S-201' })).status, 401);
  await dispatcher.close();
  assert.deepEqual(heard, []);
});
