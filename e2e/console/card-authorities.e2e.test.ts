import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { createPivIssuer, type PivIssuer } from '../card/piv.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';

let world: ConsoleWorld;
let page: Page;
let issuer: PivIssuer;
let heard: readonly string[];
before(async () => {
  issuer = createPivIssuer();
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
});
after(async () => {
  await world?.stop();
  issuer?.close();
});

const clean = async (what: string): Promise<void> => assert.deepEqual(await axe(page), [], what);
const add = async (name: string, text: string): Promise<void> => {
  await page.getByLabel('名称', { exact: true }).fill(name);
  const file = { name: 'ca.pem', mimeType: 'application/x-pem-file', buffer: Buffer.from(text) };
  await page.getByLabel('証明書', { exact: true }).setInputFiles(file);
  await page.getByRole('button', { name: '登録する' }).click();
};

test('an admin puts the issuer of the cards on the list, and sees whose certificate it is', async () => {
  await page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name: 'カード発行者' }).click();
  await page.getByText('カード発行者の登録はありません').waitFor();
  await clean('empty');
  await page.getByRole('button', { name: '発行者を登録' }).click();
  await clean('dialog');
  await add('病院のカード', 'これは証明書ではありません');
  await page.getByText('発行者の証明書ではありません').waitFor();
  await add('病院のカード', issuer.authority);
  const row = page.getByRole('row', { name: '病院のカード' });
  await row.waitFor();
  assert.match((await row.textContent()) ?? '', /CN=Cards of the hospital.*([0-9a-f]{8} ){7}[0-9a-f]{8}/);
  await clean('list');
});

test('and takes it off again with a reason, which the log has', async () => {
  await page.getByRole('button', { name: '病院のカードを削除' }).click();
  await page.getByText('使用中のカードは0枚です').waitFor();
  await clean('remove');
  await page.getByLabel('理由').fill('契約の終了');
  await page.getByRole('dialog').getByRole('button', { name: '削除' }).click();
  await page.getByText('カード発行者の登録はありません').waitFor();
  await hands.open(page, '記録');
  await page.getByText('がカード発行者を削除しました（契約の終了）').first().waitFor();
  await page.getByText('がカード発行者を登録しました').first().waitFor();
  assert.deepEqual(heard, []);
});
