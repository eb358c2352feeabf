import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { totp } from '../client.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { plugInAuthenticator, type VirtualAuthenticator } from './virtual-authenticator.ts';

let world: ConsoleWorld;
let page: Page;
let admin: hands.Signer;
let device: VirtualAuthenticator;
let heard: readonly string[];

before(async () => {
  // Five wrong tries disable a factor, which takes hours of the usual locks.
  world = await createConsoleWorld({ KAZASU_POLICY: '{"tries":{"soft":5,"hard":5}}' });
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  admin = await hands.becomeAdmin(page, world.firstAdmin);
});
after(() => world?.stop());

const clean = async (what: string, on = page): Promise<void> => assert.deepEqual(await axe(on), [], what);
const dialog = (on = page) => on.getByRole('dialog');
const list = (on = page) => on.getByRole('region', { name: 'パスキー' }).getByRole('listitem');
const openSettings = async (on = page): Promise<void> => {
  await on.getByRole('link', { name: 'サインイン設定' }).click();
  await on.getByRole('heading', { level: 1, name: 'サインイン設定' }).waitFor();
};
const signOut = async (on = page): Promise<void> => {
  await on.getByRole('button', { name: 'サインアウト' }).click();
  await on.getByRole('status').filter({ hasText: 'サインアウトしました' }).waitFor();
};
const useDoor = (on = page): Promise<void> => on.getByRole('button', { name: 'パスキーでサインイン' }).click();
const signIn = async (on = page): Promise<void> => {
  await useDoor(on);
  await on.getByRole('navigation', { name: 'メニュー' }).waitFor();
};

test('the settings show password, authenticator and that there is no passkey yet', async () => {
  await openSettings();
  await page.getByText('パスキーはまだありません').waitFor();
  const secrets = page.getByRole('region', { name: 'パスワードと認証アプリ' }).getByRole('listitem');
  assert.equal(await secrets.getByText('有効', { exact: true }).count(), 2);
  assert.equal(await page.getByRole('link', { name: 'サインイン設定' }).getAttribute('aria-current'), 'page');
  await clean('settings');
  await page.reload();
  await page.getByText('パスキーはまだありません').waitFor();
});

test('a passkey is added after password and code once more, with the keyboard alone', async () => {
  device = await plugInAuthenticator(page);
  await page.getByRole('button', { name: 'パスキーを追加' }).focus();
  await page.keyboard.press('Enter');
  await dialog().waitFor();
  assert.equal(await page.evaluate(() => (document.activeElement as HTMLInputElement).type), 'password');
  await page.keyboard.type(hands.password);
  await page.keyboard.press('Tab');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await dialog().getByText('本人確認ができませんでした').waitFor();
  await clean('refused proof');
  // The code of this half minute went into the invitation.
  await dialog().getByLabel('確認コード').fill(totp(admin.seed, 30));
  await page.keyboard.press('Enter');
  await dialog().getByLabel('パスキーの呼び名').waitFor();
  await clean('name of the passkey');
  const label = dialog().getByLabel('パスキーの呼び名');
  assert.ok(await label.evaluate((field) => field === document.activeElement), 'the field has the focus');
  await page.keyboard.type('青いノート');
  await device.verifies(false);
  await page.keyboard.press('Enter');
  await dialog().getByText('パスキーが使われませんでした').waitFor();
  await clean('cancelled');
  await device.verifies(true);
  await dialog().getByRole('button', { name: 'パスキーを作成' }).click();
  await dialog().getByText('パスキー「青いノート」を追加しました').waitFor();
  await clean('added');
  await page.keyboard.press('Enter');
  await list().filter({ hasText: '青いノート' }).getByText('まだ使われていません').waitFor();
  assert.equal((await device.credentials()).length, 1);
  await clean('settings with a passkey');
});

test('it signs in by itself, without name and password', async () => {
  await signOut();
  await clean('sign-in');
  await signIn();
  await page.getByText('管理 一郎').first().waitFor();
  await openSettings();
  await list().filter({ hasText: '青いノート' }).getByText('最後に使用').waitFor();
  await hands.open(page, '記録');
  await page.getByText('管理 一郎 さんが管理コンソールにサインインしました').first().waitFor();
  assert.match(
    (await page.locator('.event').filter({ hasText: 'サインインしました' }).first().textContent()) ?? '',
    /パスキー/,
  );
});

test('whoever cannot show that it is them is told so, and the form still works beside it', async () => {
  await signOut();
  await device.verifies(false);
  await useDoor();
  await page.getByText('パスキーが使われませんでした').waitFor();
  await clean('passkey not used');
  await device.verifies(true);
  await page.getByLabel('職員番号').fill('no-such');
  await page.getByLabel('パスワード').fill(hands.password);
  await page.getByLabel('確認コード').fill('000000');
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  await page.getByText('サインインできませんでした').waitFor();
  await signIn();
});

test('having just used it, one adds another without typing anything; the same device is told that it has one', async () => {
  await openSettings();
  await page.getByRole('button', { name: 'パスキーを追加' }).click();
  assert.equal(await dialog().getByLabel('パスワード').count(), 0);
  await dialog().getByRole('button', { name: '次へ' }).click();
  await dialog().getByLabel('パスキーの呼び名').fill('同じ端末');
  await dialog().getByRole('button', { name: 'パスキーを作成' }).click();
  await dialog().getByText('すでにご自分のパスキーがあります').waitFor();
  await clean('known passkey');
  await device.unplug();
  const key = await plugInAuthenticator(page);
  await dialog().getByRole('button', { name: 'パスキーを作成' }).click();
  await dialog().getByText('パスキー「同じ端末」を追加しました').waitFor();
  await dialog().getByRole('button', { name: '完了' }).click();
  await list().filter({ hasText: '同じ端末' }).waitFor();
  assert.equal(await list().count(), 2);
  await key.unplug();
  await device.plugIn();
});

test('a passkey is removed after saying what that does, and opens nothing afterwards', async () => {
  await page.getByRole('button', { name: 'パスキー「同じ端末」を削除' }).click();
  await dialog().getByText('元に戻すことはできません').waitFor();
  await clean('remove');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  assert.equal(await list().count(), 2);
  await page.getByRole('button', { name: 'パスキー「同じ端末」を削除' }).click();
  await dialog().getByRole('button', { name: '削除', exact: true }).click();
  await dialog().getByText('パスキー「同じ端末」を削除しました').waitFor();
  await clean('removed');
  await dialog().getByRole('button', { name: '完了' }).click();
  await list().filter({ hasText: '同じ端末' }).waitFor({ state: 'detached' });
  assert.equal(await list().count(), 1);
});

test('a copy is found out by its counter: refused with a code by which the log has the reason', async () => {
  await signOut();
  await device.setBack();
  await useDoor();
  await page.getByText('パスキーが受け付けられませんでした').waitFor();
  await clean('refused passkey');
  const said = (await page.getByRole('alert').textContent()) ?? '';
  const code = /サポートコード (\w{3}-\w{3}-\w{3})/.exec(said)?.[1] ?? '';
  // The owner's own goes on where it was: the next uses reach the counter that the server knows.
  const known = page.getByRole('navigation', { name: 'メニュー' });
  for (let tries = 0; tries < 10 && !(await known.isVisible()); tries += 1) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/v1/console/passkey'));
    await useDoor();
    if ((await answered).ok()) await known.waitFor();
  }
  await hands.open(page, '記録');
  await page.getByRole('textbox', { name: 'サポートコード' }).fill(code);
  await page.getByRole('button', { name: 'サポートコードで探す' }).click();
  await page.getByText('カウンターの逆行・複製の疑い').first().waitFor();
});

test('strangers who disable the password keep nobody out who has a passkey, and it can be set anew', async () => {
  await signOut();
  const stranger = world.client();
  for (let tries = 0; tries < 5; tries += 1) {
    await stranger.ask('console/sign-in', { body: { number: admin.number, password: 'guess', code: '000000' } });
  }
  await page.getByLabel('職員番号').fill(admin.number);
  await page.getByLabel('パスワード').fill(hands.password);
  await page.getByLabel('確認コード').fill(totp(admin.seed));
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  await page.getByText('サインインできませんでした').waitFor();
  await signIn();
  await openSettings();
  await page.getByText('間違いが続いたため、使用できません').waitFor();
  assert.ok(await page.getByRole('button', { name: 'パスキー「青いノート」を削除' }).isDisabled());
  await page.getByText('ほかにサインインする方法がないため').waitFor();
  await clean('disabled password');

  await page.getByRole('button', { name: '設定し直す' }).click();
  await clean('renew');
  await dialog().getByRole('button', { name: '次へ' }).click();
  await page.getByRole('heading', { level: 1, name: 'サインインの準備' }).waitFor();
  await page.getByLabel('新しいパスワード').fill('hotaru to kawa no yoru');
  await page.getByLabel('もう一度入力').fill('hotaru to kawa no yoru');
  admin = { ...admin, seed: await hands.readSeed(page) };
  await page.getByLabel('確認コード').fill(totp(admin.seed));
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByRole('heading', { level: 1, name: 'サインイン設定' }).waitFor();
  const secrets = page.getByRole('region', { name: 'パスワードと認証アプリ' }).getByRole('listitem');
  await secrets.getByText('有効', { exact: true }).nth(1).waitFor();
  assert.ok(await page.getByRole('button', { name: 'パスキー「青いノート」を削除' }).isEnabled());
});

test('in a session that used none, a passkey serves as proof in the place of password and code', async () => {
  // Signed in by password a moment ago.
  await page.getByRole('button', { name: 'パスキーを追加' }).click();
  await dialog().getByLabel('パスワード').waitFor();
  await clean('two ways to prove it');
  await dialog().getByRole('button', { name: 'パスキーで確認' }).click();
  await dialog().getByLabel('パスキーの呼び名').waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await hands.open(page, '職員');
  await page.getByRole('link', { name: '管理 一郎' }).waitFor();
});

test('an admin revokes the passkey of somebody, whose console is signed out', async () => {
  const { page: auditor, seed } = await hands.inviteSigner(world, page, 'auditor', '監査担当');
  auditor.setDefaultTimeout(10_000);
  await plugInAuthenticator(auditor);
  await openSettings(auditor);
  await auditor.getByRole('button', { name: 'パスキーを追加' }).click();
  await dialog(auditor).getByLabel('パスワード').fill(hands.password);
  await dialog(auditor).getByLabel('確認コード').fill(totp(seed, 30));
  await dialog(auditor).getByRole('button', { name: '次へ' }).click();
  await dialog(auditor).getByLabel('パスキーの呼び名').fill('監査の鍵');
  await dialog(auditor).getByRole('button', { name: 'パスキーを作成' }).click();
  await dialog(auditor).getByRole('button', { name: '完了' }).click();
  await signOut(auditor);
  await signIn(auditor);

  const region = page.getByRole('region', { name: 'パスキー' });
  await region.getByText('監査の鍵').waitFor();
  await clean('person with a passkey');
  await page.getByRole('button', { name: '監査担当 次郎 さんのパスキー「監査の鍵」を失効' }).click();
  await clean('revoke a passkey');
  await dialog().getByRole('button', { name: 'パスキーを失効させる' }).click();
  await dialog().getByText('失効させました').waitFor();
  await clean('revoked');
  await dialog().getByRole('button', { name: '完了' }).click();
  await region.waitFor({ state: 'detached' });
  await auditor.getByRole('heading', { name: 'サインイン' }).waitFor();
  await useDoor(auditor);
  await auditor.getByText('パスキーが受け付けられませんでした').waitFor();
});

test('at an address that passkeys are not for, the page says where they are', async () => {
  const elsewhere = await world.browser('en');
  await plugInAuthenticator(elsewhere);
  await elsewhere.goto(`${world.origin.replace('localhost', '127.0.0.1')}/console/`);
  await elsewhere.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await elsewhere.getByText('Passkeys do not work at this address').waitFor();
  await elsewhere.getByText(': localhost').waitFor();
  await clean('wrong address', elsewhere);
});

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
