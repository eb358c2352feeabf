import type { Page } from 'playwright';
import * as hands from '#e2e/console/hands.ts';
import { until } from '#e2e/world.ts';
import { cards, hanako, megumi, terminalName } from './cast.ts';
import { logIn } from './day.ts';
import { openPerson } from './people.ts';
import { closeRefusal, findByCode, readRefusal } from './refusals.ts';
import { check, type Tour, takeDisplay, takePage, text } from './tour.ts';

/** A lost card: revoked by an admin, locked and confirmed by the terminal, refused from then on. */
export async function revokeCard(tour: Tour, helpdesk: Page): Promise<void> {
  const { teller, stage, admin, terminal } = tour;
  teller.chapter('カードを失効させる — A lost card is revoked');

  await teller.step(
    `${hanako.name} is working; the admin looks at her card and says that it was lost`,
    async (telling) => {
      await logIn(tour, cards.hanako, hanako.pin);
      await openPerson(admin, hanako.name);
      await admin.getByRole('region', { name: '利用中の端末' }).getByText(terminalName).waitFor();
      await takePage(telling, 'console-person-in-use', admin);
      await admin.getByRole('button', { name: '末尾 E580 のカードを失効' }).click();
      const dialog = admin.getByRole('dialog');
      await dialog.getByText(`利用中：${terminalName}`).waitFor();
      await dialog.getByRole('radio', { name: '紛失' }).check();
      await takePage(telling, 'console-revoke', admin);
      await stage.desktopIs('seen');
    },
  );

  await teller.step('The press: the terminal locks at once and answers with a receipt', async (telling) => {
    const dialog = admin.getByRole('dialog');
    await dialog.getByRole('button', { name: 'カードを失効させる' }).click();
    const lock = await terminal.shows('ready');
    await stage.desktopIs('hidden');
    telling.saw(`the terminal says 「${await text(lock, '.notice')}」`);
    await takeDisplay(telling, 'locked-revoked', stage, lock);
    const receipt = dialog.getByText(/^\d+ ミリ秒で確認$/);
    await receipt.waitFor();
    telling.saw(`the receipt says 「${await receipt.innerText()}」`);
    await takePage(telling, 'console-receipt', admin);
    await dialog.getByRole('button', { name: '完了' }).click();
    await hands.open(admin, '失効');
    await admin.getByText('1 台中 1 台が確認').waitFor();
    await takePage(telling, 'console-revocations', admin);
  });

  await teller.step(
    'The revoked card is refused in the words of any other; helpdesk reads the reason',
    async (telling) => {
      await terminal.tap(cards.hanako);
      const code = await readRefusal(tour);
      await takeDisplay(telling, 'revoked-card-refused', stage, await terminal.window('lock'));
      const found = await findByCode(helpdesk, code);
      check(found.includes('失効したカード'), `The log gives another reason: ${found}`);
      telling.saw(`${code}: 「${found}」`);
      await helpdesk.getByRole('button', { name: '絞り込みを解除' }).click();
      await closeRefusal(tour);
    },
  );
}

/** The console in a window of the terminal, without a password: the session there is proof enough. */
export async function openConsoleAtTerminal(tour: Tour): Promise<void> {
  const { teller, stage, terminal } = tour;
  await teller.step(`${megumi.name} logs in at the terminal and opens the console from her badge`, async (telling) => {
    await logIn(tour, cards.megumi, megumi.pin);
    const badge = await terminal.window('badge');
    await badge.click('[data-action="console"]');
    const origin = stage.server.origin;
    const window = await terminal.page('the console window', (page) => page.url().startsWith(origin));
    await window.getByRole('heading', { level: 1, name: '職員' }).waitFor();
    await window.getByRole('link', { name: hanako.name }).click();
    await window.getByRole('heading', { level: 1, name: hanako.name }).waitFor();
    telling.saw(`signed in by the terminal: ${await text(window, '.me')}`);
    await takeDisplay(telling, 'console-at-terminal', stage, window);
    await badge.click('[data-action="lock"]');
    await terminal.shows('ready');
    await stage.desktopIs('hidden');
    await until('the console window is closed', () => window.isClosed());
    telling.saw('locking closes it');
  });
}
