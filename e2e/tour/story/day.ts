import { totp } from '#e2e/client.ts';
import { until } from '#e2e/world.ts';
import { cards, hanako, taro } from './cast.ts';
import { check, heading, type Tour, takeDisplay, text } from './tour.ts';

/** Card and PIN at the terminal, until the desktop is open and a hand is at the mouse. */
export async function logIn(tour: Tour, card: (typeof cards)[keyof typeof cards], pin: string): Promise<void> {
  const { terminal } = tour;
  await terminal.tap(card);
  await terminal.shows('secret');
  await terminal.press(pin);
  await terminal.shows('open');
}

export async function lockByButton(tour: Tour): Promise<void> {
  await (await tour.terminal.window('badge')).click('[data-action="lock"]');
  await tour.terminal.shows('ready');
}

/** What a ward does with it, forty times a day. */
export async function workOnTheWard(tour: Tour, seed: string): Promise<void> {
  const { teller, stage, terminal } = tour;
  teller.chapter('病棟の一日 — A day on the ward');

  await teller.step(
    `${hanako.name} holds her card: the terminal reads it, greets her and asks for the PIN`,
    async (telling) => {
      // The last ceremony stays on the screen for a moment.
      await terminal.shows('ready');
      await terminal.hold(cards.hanakoSlowly, cards.hanako);
      const reading = await terminal.window('lock');
      await reading.waitForSelector('[data-picture="reading"]');
      telling.saw(`first ${await heading(reading)}`);
      await takeDisplay(telling, 'reading', stage, reading);
      const lock = await terminal.shows('secret');
      await terminal.lift();
      telling.saw(`then 「${await text(lock, '.greeting')}」 ${await heading(lock)}`);
      await terminal.press(hanako.pin.slice(0, 4), false);
      await takeDisplay(telling, 'pin-pad', stage, lock);
    },
  );

  await teller.step('The PIN is right: her desktop opens, with the badge over it', async (telling) => {
    await terminal.press(hanako.pin.slice(4));
    const badge = await terminal.shows('open');
    await stage.desktopIs('seen');
    telling.saw(`the badge says 「${await text(badge, '.badge-who')}」`);
    check((await badge.innerText('body')).includes(hanako.name), 'The badge does not name her');
    await takeDisplay(telling, 'unlocked', stage, badge);
  });

  await teller.step('She holds the card again: the terminal locks', async (telling) => {
    await terminal.tap(cards.hanako);
    const lock = await terminal.shows('ready');
    await stage.desktopIs('hidden');
    telling.saw(`「${await text(lock, '.notice')}」`);
    await takeDisplay(telling, 'locked-by-card', stage, lock);
  });

  await teller.step('A wrong PIN: told how many tries are left; then the right one', async (telling) => {
    await terminal.tap(cards.hanako);
    const lock = await terminal.shows('secret');
    await terminal.press('11119999');
    await lock.waitForSelector('[data-tries-left="4"]');
    telling.saw(`「${await text(lock, '.notice')}」`);
    await takeDisplay(telling, 'wrong-pin', stage, lock);
    await terminal.press(hanako.pin);
    await terminal.shows('open');
  });

  await teller.step(`${taro.name} taps over: her session ends before he is asked for anything`, async (telling) => {
    await terminal.tap(cards.taro);
    const lock = await terminal.shows('secret');
    await stage.desktopIs('hidden');
    telling.saw(`the screen greets 「${await text(lock, '.greeting')}」`);
    await takeDisplay(telling, 'tap-over', stage, lock);
    await terminal.press(taro.pin);
    const badge = await terminal.shows('open');
    await until('the badge names him', async () => (await badge.innerText('body')).includes(taro.name));
    await stage.desktopIs('seen');
    await takeDisplay(telling, 'unlocked-second-person', stage, badge);
  });

  await teller.step('He locks with the button on the badge', async (telling) => {
    await lockByButton(tour);
    await stage.desktopIs('hidden');
    telling.saw(`「${await text(await terminal.window('lock'), '.notice')}」`);
  });

  await teller.step(`${hanako.name} gets in with her card and a code from her phone`, async (telling) => {
    await terminal.tap(cards.hanako);
    const lock = await terminal.shows('secret');
    await lock.click('[data-action="totp"]');
    // The code that confirmed the enrolment is used up: the next one is not.
    const code = totp(seed, 30);
    await terminal.press(code.slice(0, 3), false);
    telling.saw(await heading(lock));
    await takeDisplay(telling, 'one-time-code', stage, lock);
    await terminal.press(code.slice(3), false);
    await terminal.shows('open');
  });

  await teller.step(
    'Nobody moves: the terminal warns, she stays; nobody moves again, and it locks',
    async (telling) => {
      stage.hand.rest();
      const badge = await terminal.window('badge');
      await badge.waitForSelector('.idle-warning');
      telling.saw(`「${await text(badge, '.idle-warning h1')}」`);
      await takeDisplay(telling, 'idle-warning', stage, badge);
      await badge.click('[data-action="stay"]');
      await badge.waitForSelector('.idle-warning', { state: 'detached' });
      const lock = await terminal.shows('ready', 15_000);
      await stage.desktopIs('hidden');
      telling.saw(`「${await text(lock, '.notice')}」`);
      await takeDisplay(telling, 'locked-idle', stage, lock);
    },
  );
}

/** The same in English, for those who read it better. */
export async function readEnglish(tour: Tour): Promise<void> {
  const { teller, stage, terminal } = tour;
  await teller.step('One press turns the screen into English: locked, PIN, desktop', async (telling) => {
    const lock = await terminal.window('lock');
    await lock.click('[data-action="language"]');
    await until('English words', async () => /hold your card/i.test(await lock.innerText('body')));
    telling.saw(await heading(lock));
    await takeDisplay(telling, 'english-locked', stage, lock);
    await terminal.tap(cards.hanako);
    await terminal.shows('secret');
    telling.saw(await heading(lock));
    await terminal.press(hanako.pin.slice(0, 4), false);
    await takeDisplay(telling, 'english-pin-pad', stage, lock);
    await terminal.press(hanako.pin.slice(4));
    const badge = await terminal.shows('open');
    await stage.desktopIs('seen');
    telling.saw(`「${await text(badge, '.badge-who')}」`);
    await takeDisplay(telling, 'english-unlocked', stage, badge);
    await lockByButton(tour);
  });

  await teller.step('A refusal in English, and back to Japanese', async (telling) => {
    const lock = await terminal.window('lock');
    await terminal.tap(cards.stranger);
    await terminal.shows('refused');
    telling.saw(`${await heading(lock)} ${await text(lock, '[data-support-code]')}`);
    await takeDisplay(telling, 'english-refused', stage, lock);
    await lock.click('[data-action="close"]');
    await terminal.shows('ready');
    await lock.click('[data-action="language"]');
    await until('Japanese words', async () => /かざ/.test(await lock.innerText('h1')));
  });
}
