import type { Page } from 'playwright';
import type { Role } from '#contract/api/row.ts';
import type { CardEvidence } from '#contract/card.ts';
import { totp } from '../client.ts';
import type { ConsoleWorld } from './console-world.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

/** What a person does at the console, by what they see there. Japanese. */

export const password = 'asagao to semi no natsu';

export const badge: CardEvidence = {
  technology: 'felica',
  identifier: '0114B34D5E6F7081',
  systemCode: 'FE00',
  assurance: 'identifier',
};
export const spare: CardEvidence = { technology: 'iso14443a', identifier: '04A1B2C3D4E5F6', assurance: 'identifier' };
/** A UID that begins with 08 is another one at each read (ISO/IEC 14443-3, 6.5.4). */
export const randomCard: CardEvidence = { technology: 'iso14443a', identifier: '08A1B2C3', assurance: 'identifier' };

/** The key that stands there for those who cannot scan. */
export const readSeed = async (page: Page): Promise<string> => {
  const text = await page.locator('.key-text').textContent();
  return (text ?? '').replaceAll(' ', '');
};

export interface Signer {
  readonly number: string;
  readonly seed: string;
}

/** Becomes the first admin by the link; ends on the overview. */
export async function becomeAdmin(page: Page, link: string): Promise<Signer> {
  await page.goto(link);
  await page.getByLabel('職員番号', { exact: true }).fill('000001');
  await page.getByLabel('氏名', { exact: true }).fill('管理 一郎');
  await page.getByLabel('フリガナ').fill('カンリ イチロウ');
  const seed = await acceptSecrets(page);
  return { number: '000001', seed };
}

async function acceptSecrets(page: Page): Promise<string> {
  await page.getByLabel('新しいパスワード').fill(password);
  await page.getByLabel('もう一度入力').fill(password);
  const seed = await readSeed(page);
  await page.getByLabel('確認コード').fill(totp(seed));
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByRole('navigation', { name: 'メニュー' }).waitFor();
  return seed;
}

export async function open(page: Page, room: '職員' | '端末' | '失効' | '承認' | '記録'): Promise<void> {
  // Where there is little room the menu is folded.
  const menu = page.getByRole('button', { name: 'メニュー', exact: true });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('navigation', { name: 'メニュー' }).getByRole('link', { name: room, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: room, exact: true }).waitFor();
}

/** Announces a terminal and has it enrol with the code that is shown. */
export async function announce(world: ConsoleWorld, page: Page, name: string): Promise<ScriptedTerminal> {
  await open(page, '端末');
  await page.getByRole('button', { name: '端末を登録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('端末名').fill(name);
  await dialog.getByLabel('設置場所').fill('3階東病棟');
  await dialog.getByRole('button', { name: 'コードを発行' }).click();
  const code = await dialog.locator('output').textContent();
  await dialog.getByRole('button', { name: '完了' }).click();
  const terminal = await world.terminal(code ?? '');
  await page.getByRole('row', { name }).getByText('接続中', { exact: true }).waitFor();
  return terminal;
}

export interface Newcomer {
  readonly number: string;
  readonly name: string;
  readonly kana?: string;
}

/** Presses Escape again and again: a browser lets a page prevent one press alone. */
export async function insistOnEscape(page: Page): Promise<void> {
  for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('Escape');
}

/** Adds a person; ends on their page. */
export async function addPerson(page: Page, { number, name, kana = '' }: Newcomer): Promise<void> {
  await open(page, '職員');
  await page.getByRole('button', { name: '職員を追加' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('職員番号').fill(number);
  await dialog.getByLabel('氏名').fill(name);
  await dialog.getByLabel('フリガナ').fill(kana);
  await dialog.getByRole('button', { name: '追加する' }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Asks a terminal for an enrolment step; answers its number as the terminal got it. */
export async function begin(page: Page, terminal: ScriptedTerminal, button: string): Promise<string> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: '顔写真付きの職員証' }).check();
  await dialog.getByLabel('使う端末').selectOption({ value: terminal.id });
  await dialog.getByRole('button', { name: '端末で始める' }).click();
  const { order } = await terminal.next('ceremony');
  return order.ceremony;
}

/** Card and PIN of the person whose page is open. */
export async function enrol(page: Page, terminal: ScriptedTerminal, card: CardEvidence, pin: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await terminal.giveCard(await begin(page, terminal, 'カードを登録'), card);
  await dialog.getByRole('button', { name: '続けて暗証番号を設定' }).click();
  const { order } = await terminal.next('ceremony');
  await terminal.giveCard(order.ceremony, card);
  await terminal.givePin(order.ceremony, pin);
  await dialog.getByText('暗証番号を設定しました').waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();
}

/** Adds a person with this role, invites them, and has them set up their sign-in in a browser of their own. */
export async function invite(world: ConsoleWorld, admin: Page, role: Role, label: string): Promise<Page> {
  return (await inviteSigner(world, admin, role, label)).page;
}

/** The same, with what their authenticator holds. */
export async function inviteSigner(
  world: ConsoleWorld,
  admin: Page,
  role: Role,
  label: string,
): Promise<{ readonly page: Page; readonly seed: string }> {
  await open(admin, '職員');
  await admin.getByRole('button', { name: '職員を追加' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('職員番号').fill(`9-${role}`);
  await dialog.getByLabel('氏名').fill(`${label} 次郎`);
  await dialog.getByRole('checkbox', { name: '診療職員' }).uncheck();
  await dialog.getByRole('checkbox', { name: label }).check();
  await dialog.getByRole('button', { name: '追加する' }).click();
  await admin.getByRole('heading', { level: 1, name: `${label} 次郎` }).waitFor();
  await admin.getByRole('button', { name: 'コンソールに招待' }).click();
  await dialog.getByRole('button', { name: 'リンクを作る' }).click();
  const link = await dialog.locator('output').textContent();
  await dialog.getByRole('button', { name: '完了' }).click();
  const page = await world.browser();
  await page.goto(link ?? '');
  await page.getByText(`${label} 次郎 さん`).waitFor();
  return { page, seed: await acceptSecrets(page) };
}

/** What the page's security policy and scripts complained about, from now on. */
export function complaints(page: Page): readonly string[] {
  const heard: string[] = [];
  page.on('pageerror', (error) => heard.push(String(error)));
  page.on('console', (message) => {
    // Refused requests are part of some stories and have their own checks.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) heard.push(message.text());
  });
  return heard;
}
