import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright';
import type { WindowKind } from '#contract/screen.ts';
import { startReaderService } from '#e2e/card/service.ts';
import { type CardKind, createVirtualSlot } from '#e2e/card/virtual-card.ts';
import { createScreenEyes, type ScreenEyes, until } from '#e2e/world.ts';
import type { Display } from '#setup/display.ts';
import { startTerminal, type TerminalHouse } from '#setup/house.ts';
import type { createStops } from '#setup/stops.ts';
import type { Hand } from './hand.ts';
import type { Scene } from './scene.ts';

/** The ward's terminal, and the hands of whoever stands before it. */
export interface TourTerminal {
  readonly house: TerminalHouse;
  /** Waits until lock screen or badge shows this picture; answers its page. */
  shows(picture: string, within?: number): Promise<Page>;
  window(kind: WindowKind): Promise<Page>;
  page: ScreenEyes['page'];
  /** Holds a card over the reader for as long as a hand does, and takes it away. */
  tap(card: CardKind): Promise<void>;
  /** The two halves of a tap, for whoever looks in between. `known` is the same card as it behaves otherwise. */
  hold(card: CardKind, known?: CardKind): Promise<void>;
  lift(): Promise<void>;
  /** Two cards in one hand: each comes into the field of one reader. */
  tapBoth(one: CardKind, other: CardKind): Promise<void>;
  /** Presses keys of the pad on the glass. */
  press(digits: string, enter?: boolean): Promise<void>;
  /** Reader taken out of its socket, and put back. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  killReaderService(): Promise<void>;
  restartReaderService(): Promise<void>;
}

/** The product takes the same card within 1.5 s as one tap, and two cards within a second as a wallet. */
const sameCard = 1_600;
const otherCard = 1_100;
/** For 2.5 s after opening, a second tap is haste. */
const afterOpening = 2_700;
/** A hand holds a card so long over a reader that has asked it everything (milliseconds). */
const heldFor = 130;

export interface TourTerminalOptions {
  readonly folder: string;
  readonly origin: string;
  readonly authority: string;
  readonly code: string;
  readonly display: Display;
  readonly keyring: NodeJS.ProcessEnv;
  readonly stops: ReturnType<typeof createStops>;
  readonly scene: Scene;
  readonly hand: Hand;
}

export async function startTourTerminal(options: TourTerminalOptions): Promise<TourTerminal> {
  const { folder, stops } = options;
  const readers = await startReaderService({ folder: `${folder}/readers`, slots: 2 });
  stops.add(readers.stop);
  const [slot, second] = readers.ports.map(createVirtualSlot);
  if (slot === undefined || second === undefined) throw new Error('There is no reader');
  stops.add(slot.remove);
  stops.add(second.remove);
  const house = await startTerminal({
    folder: `${folder}/terminal`,
    origin: options.origin,
    authority: options.authority,
    code: options.code,
    readerSocket: readers.socket,
    display: options.display.env,
    keyring: options.keyring,
    debug: true,
  });
  stops.add(house.stop);
  const eyes = createScreenEyes(house);
  stops.add(eyes.close);
  for (const kind of ['lock', 'badge'] as const)
    options.scene.watchWords(`the ${kind} window`, async () => (await eyes.window(kind)).innerText('body'));

  let last: CardKind | undefined;
  let lastTap = 0;
  let opened = 0;
  const mayTap = (card: CardKind): Promise<void> => {
    const next = card === last ? Math.max(lastTap + sameCard, opened + afterOpening) : lastTap + otherCard;
    return delay(Math.max(0, next - performance.now()));
  };
  /** Also said of readers that have just come back: a card that is there before its reader was never held over it. */
  const tapped = (card: CardKind | undefined): void => {
    last = card;
    lastTap = performance.now();
  };

  const shows: TourTerminal['shows'] = async (picture, within = 10_000) => {
    const page = await until(
      `the terminal shows ${picture}`,
      async () => {
        const looked = await eyes.window(picture === 'open' ? 'badge' : 'lock');
        await looked
          .waitForSelector(`[data-picture="${picture}"]`, { timeout: 2_000, state: 'attached' })
          .catch(eyes.doubt);
        return looked;
      },
      within,
    );
    if (picture === 'open') {
      opened = performance.now();
      options.hand.work();
    } else options.hand.leave();
    return page;
  };

  const hold: TourTerminal['hold'] = async (card, known = card) => {
    await mayTap(known);
    await slot.insert(card);
    await until('the reader sees the card', () => slot.seenAt() !== undefined);
    tapped(known);
  };
  const lift: TourTerminal['lift'] = async () => {
    await slot.remove();
    tapped(last);
  };

  return {
    house,
    shows,
    window: eyes.window,
    page: eyes.page,
    hold,
    lift,
    async tap(card) {
      await hold(card);
      await slot.wasRead(heldFor);
      await lift();
    },
    async tapBoth(one, other) {
      await mayTap(one);
      await Promise.all([slot.insert(one), second.insert(other)]);
      await until('both are seen', () => slot.seenAt() !== undefined && second.seenAt() !== undefined);
      await Promise.all([slot.wasRead(heldFor), second.wasRead(heldFor)]);
      await Promise.all([slot.remove(), second.remove()]);
      tapped(other);
    },
    async press(digits, enter = true) {
      const page = await eyes.window('lock');
      for (const digit of digits) await page.click(`.key-${digit}`);
      if (enter) await page.click('.key-enter');
    },
    async unplug() {
      await readers.unplug(0);
      await readers.unplug(1);
    },
    async plug() {
      await readers.plug(0);
      await readers.plug(1);
      tapped(undefined);
    },
    killReaderService: () => readers.kill(),
    async restartReaderService() {
      await readers.restart();
      tapped(undefined);
    },
  };
}
