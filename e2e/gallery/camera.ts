import type { CDPSession, Page } from 'playwright';
import { createScreenWorld, type ScreenWorld } from '../agent/screen-world.ts';
import { within } from '../within.ts';
import { badgePictures, lockPictures } from './pictures.ts';
import { longerSide } from './small-picture.ts';

/** Width and height of a display. */
export interface Size {
  readonly width: number;
  readonly height: number;
}
export const sizes: readonly Size[] = [
  { width: 1024, height: 768 },
  { width: 1920, height: 1080 },
  { width: 1080, height: 1920 },
];
export const languages = ['ja', 'en'] as const;

export const nameOf = ({ width, height }: Size): string => `${width}x${height}`;

export interface Wanted {
  readonly size: Size;
  readonly languages: readonly string[];
  readonly isWanted: (name: string) => boolean;
}
/** A picture's name is that of its state and of the language: `secret-pin.ja`. */
export interface Taken {
  readonly name: string;
  /** Small, for comparing. */
  readonly small: Buffer;
  /** As it was on the display. */
  readonly whole: () => Promise<Buffer>;
}

/** A Wednesday morning: on pictures that are to be the same next year, the clock stands still. */
const moment = Date.parse('2026-04-01T09:41:00+09:00');
const views = { lock: lockPictures(moment), badge: badgePictures(moment) };
type Window = keyof typeof views;
/** A page that has gone takes no picture, and does not say so (milliseconds). */
const longestPicture = 30_000;

/** The names of every picture of one size, sorted. */
export const everyName = (): string[] =>
  Object.values(views)
    .flatMap((list) => Object.keys(list))
    .flatMap((state) => languages.map((language) => `${state}.${language}`))
    .sort();

/** A window when nothing moves and the clock stands still. */
interface StillWindow {
  readonly page: Page;
  /** A PNG of it, its longer side at most so long. */
  readonly shoot: (longest?: number) => Promise<Buffer>;
}

async function holdStill(world: ScreenWorld, window: Window): Promise<StillWindow> {
  const page = await world.page(window);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.addInitScript((now) => {
    Date.now = () => now;
  }, moment);
  await page.reload();
  await world.page(window);
  const devtools: CDPSession = await page.context().newCDPSession(page);
  return {
    page,
    async shoot(longest = Number.POSITIVE_INFINITY) {
      const taken = async (): Promise<Buffer> => {
        const { width, height } = await page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
        const scale = Math.min(1, longest / Math.max(width, height));
        const clip = { x: 0, y: 0, width, height, scale };
        const { data } = await devtools.send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true, clip });
        return Buffer.from(data, 'base64');
      };
      return within('a picture', longestPicture, taken());
    },
  };
}

/** Shows every state in the real screen program on a display of this size, and hands each picture over. */
export async function takePictures({ size, languages, isWanted }: Wanted, take: (taken: Taken) => Promise<void>) {
  const world = await createScreenWorld({ size: `${nameOf(size)}x24`, timeZone: 'Asia/Tokyo' });
  const { guard } = world;
  try {
    const windows = { lock: await holdStill(world, 'lock'), badge: await holdStill(world, 'badge') };
    guard.cover();
    for (const language of languages) {
      await windows.lock.page.evaluate(`window.kazasu.call('settings/change', { language: '${language}' })`);
      for (const window of ['lock', 'badge'] as const) {
        const cover = window === 'badge' ? guard.keepOpen() : undefined;
        const { shoot } = windows[window];
        for (const [state, view] of Object.entries(views[window])) {
          const name = `${state}.${language}`;
          if (!isWanted(name)) continue;
          await world.painted(view, window);
          await take({ name, small: await shoot(longerSide), whole: () => shoot() });
        }
        cover?.();
        guard.cover();
      }
    }
  } finally {
    await world.stop();
  }
}
