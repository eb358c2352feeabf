import type { Page } from 'playwright';
import * as hands from '#e2e/console/hands.ts';
import { cards } from './cast.ts';
import { check, heading, type Tour, takeDisplay, takePage, text } from './tour.ts';

const supportCode = /^[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}$/;

/** Reads the code off the refusal, and closes it as the person does. */
export async function readRefusal(tour: Tour): Promise<string> {
  const lock = await tour.terminal.shows('refused');
  const code = await text(lock, '[data-support-code]');
  check(supportCode.test(code), `This is no support code: ${code}`);
  return code;
}

export async function closeRefusal(tour: Tour): Promise<void> {
  await (await tour.terminal.window('lock')).click('[data-action="close"]');
  await tour.terminal.shows('ready');
}

/** Finds the one event that belongs to a support code, as the person on the telephone reads it out. */
export async function findByCode(helpdesk: Page, code: string): Promise<string> {
  await hands.open(helpdesk, '記録');
  await helpdesk.getByLabel('サポートコード', { exact: true }).fill(code.toLowerCase());
  await helpdesk.getByRole('button', { name: 'サポートコードで探す' }).click();
  await helpdesk.getByRole('button', { name: '絞り込みを解除' }).waitFor();
  await helpdesk.getByText('これより前の記録はありません').waitFor();
  const found = await helpdesk.locator('.event-words').allTextContents();
  check(found.length === 1, `The code leads to ${found.length} events: ${found.join(' / ')}`);
  await helpdesk.locator('.event summary').first().click();
  return found[0] ?? '';
}

/** Cards that open nothing, and what helpdesk can tell about them. */
export async function refuseCards(tour: Tour, helpdesk: Page): Promise<void> {
  const { teller, stage, terminal } = tour;
  teller.chapter('開かないカード — Cards that open nothing');

  const code = await teller.step(
    'An unknown card is refused in neutral words, with a support code',
    async (telling) => {
      await terminal.tap(cards.stranger);
      const read = await readRefusal(tour);
      const lock = await terminal.window('lock');
      telling.saw(`${await heading(lock)} ${read}`);
      await takeDisplay(telling, 'refused', stage, lock);
      await closeRefusal(tour);
      return read;
    },
  );

  await teller.step('The helpdesk hears the code on the telephone and finds the reason', async (telling) => {
    const found = await findByCode(helpdesk, code);
    check(found.includes('登録のないカード'), `The log gives another reason: ${found}`);
    telling.saw(`「${found}」`);
    await takePage(telling, 'console-support-code', helpdesk);
    await helpdesk.getByRole('button', { name: '絞り込みを解除' }).click();
  });

  await teller.step(
    'A telephone, whose number is another one at every read, is not taken for a card',
    async (telling) => {
      await terminal.tap(cards.phone);
      const lock = await terminal.shows('ready');
      await lock.getByText('このカードは使えません').waitFor();
      telling.saw(`「${await text(lock, '.notice')}」`);
      await takeDisplay(telling, 'random-card', stage, lock);
    },
  );

  await teller.step('Two cards at once: one of them has to go', async (telling) => {
    await terminal.tapBoth(cards.hanako, cards.taro);
    const lock = await terminal.shows('ready');
    await lock.getByText('カードが2枚以上').waitFor();
    telling.saw(`「${await text(lock, '.notice')}」`);
    await takeDisplay(telling, 'two-cards', stage, lock);
  });
}
