import type { Page } from 'playwright';
import type { CardKind } from '#e2e/card/virtual-card.ts';
import { totp } from '#e2e/client.ts';
import * as hands from '#e2e/console/hands.ts';
import type { Telling } from '../teller.ts';
import { cards, hanako, megumi, passwords, taro } from './cast.ts';
import { acceptInvitation } from './opening.ts';
import { check, heading, type Tour, takeDisplay, takePage } from './tour.ts';

/** People, their cards, PINs and codes. Answers the helpdesk's browser and the seed in Hanako's phone. */
export async function enrolPeople(tour: Tour): Promise<{ readonly helpdesk: Page; readonly seed: string }> {
  const { teller, stage, admin, terminal } = tour;
  teller.chapter('職員とカードを登録する — People and their cards');

  await teller.step(
    `The admin adds ${hanako.name}, ${taro.name} and ${megumi.name} of the helpdesk`,
    async (telling) => {
      await hands.addPerson(admin, hanako);
      await hands.addPerson(admin, taro);
      await addHelpdesk(admin);
      await hands.open(admin, '職員');
      for (const { name } of [hanako, taro, megumi])
        await admin.getByRole('rowheader').filter({ hasText: name }).waitFor();
      await takePage(telling, 'console-people', admin);
    },
  );

  const helpdesk = await stage.browser('helpdesk');
  // Later a second person would have to agree: who has a sign-in gets no card from one person alone.
  await teller.step(`The admin enrols the card and PIN of ${megumi.name}, before her sign-in`, async ({ saw }) => {
    await enrol(tour, admin, megumi.name, cards.megumi, megumi.pin);
    saw('one card, one PIN');
  });
  await teller.step(`${megumi.name} is invited and sets up her own sign-in with two factors`, async (telling) => {
    await openPerson(admin, megumi.name);
    await admin.getByRole('button', { name: 'コンソールに招待' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByRole('button', { name: 'リンクを作る' }).click();
    const link = (await dialog.locator('output').textContent()) ?? '';
    await dialog.getByRole('button', { name: '完了' }).click();
    await helpdesk.goto(link);
    await helpdesk.getByText(`${megumi.name} さん`).waitFor();
    await acceptInvitation(helpdesk, passwords.megumi, telling, 'console-invitation');
    telling.saw(`she is signed in as ${(await helpdesk.locator('.me-roles').innerText()).trim()}`);
  });

  await teller.step(
    `The helpdesk enrols ${hanako.name}'s card: she holds it over the terminal's reader`,
    async (telling) => {
      await openPerson(helpdesk, hanako.name);
      await beginCard(helpdesk, '職員証');
      const lock = await asksForCard(tour);
      telling.saw(`the terminal says ${await heading(lock)}`);
      await takeDisplay(telling, 'ceremony-hold-card', stage, lock);
      await takePage(telling, 'console-ceremony', helpdesk);
      await terminal.tap(cards.hanako);
      await helpdesk.getByRole('dialog').getByText('（末尾 E580）を登録しました').waitFor();
      telling.saw('the console says 「末尾 E580 … 登録しました」');
    },
  );

  await teller.step('She chooses a PIN at the keypad, twice; the helpdesk sees nothing of it', async (telling) => {
    await setPin(tour, helpdesk, cards.hanako, hanako.pin, telling);
    await helpdesk.getByRole('dialog').getByText('暗証番号を設定しました').waitFor();
    const all = await helpdesk.content();
    check(!all.includes(hanako.pin), 'The PIN stands on the page of the helpdesk');
    await helpdesk.getByRole('dialog').getByRole('button', { name: '完了' }).click();
  });

  await teller.step(
    `The same for ${taro.name}; the helpdesk may not do it for ${megumi.name}, one of their own`,
    async ({ saw }) => {
      await enrol(tour, helpdesk, taro.name, cards.taro, taro.pin);
      await openPerson(helpdesk, megumi.name);
      await helpdesk.getByText('管理者だけが変更できます').waitFor();
      check(
        (await helpdesk.getByRole('button', { name: 'カードを登録' }).count()) === 0,
        'The helpdesk may enrol itself',
      );
      saw('three cards, three PINs by now; at the helpdesk 「管理者だけが変更できます」');
    },
  );
  const seed = await teller.step(
    `${hanako.name}'s phone scans a TOTP code, and she reads its six digits back`,
    async (telling) => {
      await openPerson(helpdesk, hanako.name);
      await helpdesk.getByRole('button', { name: '登録する', exact: true }).click();
      const dialog = helpdesk.getByRole('dialog');
      await dialog.getByRole('button', { name: 'QR コードを表示' }).click();
      const scanned = await hands.readSeed(helpdesk);
      await takePage(telling, 'console-totp', helpdesk);
      await dialog.getByLabel(`${hanako.name} さんの認証アプリの 6 桁`).fill(totp(scanned));
      await dialog.getByRole('button', { name: '確認コードを照合して登録' }).click();
      await dialog.getByText('認証アプリを登録しました').waitFor();
      await dialog.getByRole('button', { name: '完了' }).click();
      await dialog.waitFor({ state: 'detached' });
      await helpdesk.getByRole('region', { name: 'カード' }).getByText('末尾 E580').waitFor();
      await takePage(telling, 'console-person', helpdesk);
      return scanned;
    },
  );

  return { helpdesk, seed };
}

async function addHelpdesk(admin: Page): Promise<void> {
  await hands.open(admin, '職員');
  await admin.getByRole('button', { name: '職員を追加' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('職員番号').fill(megumi.number);
  await dialog.getByLabel('氏名').fill(megumi.name);
  await dialog.getByLabel('フリガナ').fill(megumi.kana);
  await dialog.getByRole('checkbox', { name: 'ヘルプデスク' }).check();
  await dialog.getByRole('button', { name: '追加する' }).click();
  await admin.getByRole('heading', { level: 1, name: megumi.name }).waitFor();
}

export async function openPerson(page: Page, name: string): Promise<void> {
  await hands.open(page, '職員');
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

async function beginCard(page: Page, label: string): Promise<void> {
  await page.getByRole('button', { name: 'カードを登録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: '顔写真付きの職員証' }).check();
  await dialog.getByLabel('カードの呼び名').fill(label);
  await dialog.getByRole('button', { name: '端末で始める' }).click();
}

/** Waits for the beginning of an enrolment step: the end of the one before still shows for a moment. */
async function asksForCard({ terminal }: Tour): Promise<Page> {
  const lock = await terminal.shows('ceremony');
  await lock.waitForSelector('[data-step="hold-card"]');
  return lock;
}

/** The person at the keypad, after their card was enrolled and while the dialog still stands. */
async function setPin(tour: Tour, page: Page, card: CardKind, pin: string, telling?: Telling): Promise<void> {
  const { stage, terminal } = tour;
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '続けて暗証番号を設定' }).click();
  const lock = await asksForCard(tour);
  await terminal.tap(card);
  await lock.waitForSelector('[data-step="choose-pin"]');
  await terminal.press(pin.slice(0, 5), false);
  if (telling !== undefined) {
    telling.saw(`the keypad says ${await heading(lock)}`);
    await takeDisplay(telling, 'ceremony-choose-pin', stage, lock);
    await takePage(telling, 'console-pin-being-chosen', page);
  }
  await terminal.press(pin.slice(5));
  await lock.waitForSelector('[data-step="repeat-pin"]');
  if (telling !== undefined) telling.saw(`then ${await heading(lock)}`);
  await terminal.press(pin);
  await lock.waitForSelector('[data-step="done"]');
  if (telling === undefined) return;
  telling.saw(`and at last ${await heading(lock)}`);
  await takeDisplay(telling, 'ceremony-done', stage, lock);
}

async function enrol(tour: Tour, page: Page, name: string, card: CardKind, pin: string): Promise<void> {
  await openPerson(page, name);
  await beginCard(page, '職員証');
  await asksForCard(tour);
  await tour.terminal.tap(card);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('を登録しました').waitFor();
  await setPin(tour, page, card, pin);
  await dialog.getByText('暗証番号を設定しました').waitFor();
  await dialog.getByRole('button', { name: '完了' }).click();
}
