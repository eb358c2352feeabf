import type { Page } from 'playwright';
import { totp } from '#e2e/client.ts';
import * as hands from '#e2e/console/hands.ts';
import { rested } from '../browsers.ts';
import { openStage, type Stage } from '../stage.ts';
import type { Telling } from '../teller.ts';
import { ichiro, passwords, place, terminalName } from './cast.ts';
import { type Beginning, check, heading, type Tour, takeDisplay, takePage } from './tour.ts';

/** From an empty folder to a locked terminal. */
export async function openHospital(beginning: Beginning): Promise<Tour> {
  const { teller, work, stops, scene } = beginning;
  teller.chapter('病院を開く — The hospital opens');

  const stage = await teller.step('Server, PostgreSQL, a keyring and a display start', async ({ saw }) => {
    const opened = await openStage(work, stops, scene);
    check(opened.server.firstAdmin() !== null, 'The server printed no link for the first admin');
    saw(`${opened.server.origin} prints a one-time link for the first admin`);
    return opened;
  });

  const admin = await stage.browser('admin');
  await teller.step(
    `${ichiro.name} opens the link in Chromium, chooses a password and scans the TOTP code`,
    (telling) => becomeAdmin(stage, admin, telling),
  );

  const code = await teller.step(`He announces the terminal ${terminalName} and gets its one-time code`, (telling) =>
    announce(admin, telling),
  );

  const terminal = await teller.step('The terminal starts, enrols with the code and locks', async (telling) => {
    const started = await stage.startTerminal(code);
    const lock = await started.shows('ready', 20_000);
    await stage.desktopIs('hidden');
    telling.saw(`the screen says ${await heading(lock)}, and nothing of the desktop can be seen`);
    await rested(lock, 3_000);
    await takeDisplay(telling, 'locked', stage, lock);
    await admin.getByRole('dialog').getByRole('button', { name: '完了' }).click();
    await admin.getByRole('row', { name: terminalName }).getByText('接続中', { exact: true }).waitFor();
    telling.saw('the console says 「接続中」');
    await takePage(telling, 'console-terminals', admin);
    return started;
  });
  return { ...beginning, stage, admin, terminal };
}

async function becomeAdmin(stage: Stage, admin: Page, telling: Telling): Promise<void> {
  await admin.goto(stage.server.firstAdmin() ?? '');
  await admin.getByLabel('職員番号', { exact: true }).fill(ichiro.number);
  await admin.getByLabel('氏名', { exact: true }).fill(ichiro.name);
  await admin.getByLabel('フリガナ').fill(ichiro.kana);
  await acceptInvitation(admin, passwords.ichiro, telling, 'console-first-admin');
  await admin.getByRole('heading', { level: 1, name: '概況' }).waitFor();
  telling.saw(`he is signed in: ${await heading(admin)}`);
}

/** Fills in password and code as the person does who was invited; ends signed in. */
export async function acceptInvitation(page: Page, password: string, telling: Telling, name: string): Promise<void> {
  await page.getByLabel('新しいパスワード').fill(password);
  await page.getByLabel('もう一度入力').fill(password);
  await page.getByLabel('確認コード').fill(totp(await hands.readSeed(page)));
  await takePage(telling, name, page);
  await page.getByRole('button', { name: '設定してサインイン' }).click();
  await page.getByRole('navigation', { name: 'メニュー' }).waitFor();
}

async function announce(admin: Page, telling: Telling): Promise<string> {
  await hands.open(admin, '端末');
  await admin.getByRole('button', { name: '端末を登録' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('端末名').fill(terminalName);
  await dialog.getByLabel('設置場所').fill(place);
  await dialog.getByRole('button', { name: 'コードを発行' }).click();
  const code = (await dialog.locator('output').textContent()) ?? '';
  check(code.length > 8, `The console shows no code: ${code}`);
  await takePage(telling, 'console-terminal-code', admin);
  return code;
}
