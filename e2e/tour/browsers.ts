import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright';
import { type Kept, keep } from '#setup/keep.ts';

const program = '/usr/bin/chromium';
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** Chromium of one person at a desk; it trusts the server's key and no other. */
export function openBrowser(profile: string, key: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: program,
    args: [`--ignore-certificate-errors-spki-list=${key}`, ...asRoot],
    viewport: { width: 1360, height: 850 },
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    // The tour ends what it started itself, in its order.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

/** What a clinician works with: a window of Chromium on the terminal's desktop, in place of patient software. */
export function openDesktop(folder: string, display: NodeJS.ProcessEnv): Promise<Kept> {
  return keep({
    name: 'patient software',
    command: program,
    args: [
      `--app=file://${join(import.meta.dirname, 'ehr.html')}`,
      `--user-data-dir=${join(folder, 'ehr')}`,
      '--start-maximized',
      '--no-first-run',
      '--no-default-browser-check',
      '--password-store=basic',
      '--disable-gpu',
      '--lang=ja',
      // Says nothing about the sandbox in a bar over the page.
      '--test-type',
      ...asRoot,
    ],
    env: {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: folder,
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      ...display,
    },
    log: join(folder, 'log', 'ehr.log'),
  });
}

/** Waits until what moves on a page has come to rest, or for `longest` ms, and until two frames were painted. */
export async function rested(page: Page, longest = 600): Promise<void> {
  await page
    .evaluate(async (patience) => {
      const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
      const calm = Promise.allSettled(ending.map((one) => one.finished));
      await Promise.race([calm, new Promise((resolve) => setTimeout(resolve, patience))]);
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, longest)
    // A page that went away is found by whoever looks at it next.
    .catch(() => undefined);
}
