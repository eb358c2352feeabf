import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { keyHash } from '#e2e/console/console-world.ts';
import { freePort, until } from '#e2e/world.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { type Keyring, openKeyring } from '#setup/keyring.ts';
import type { createStops } from '#setup/stops.ts';
import { openBrowser, openDesktop } from './browsers.ts';
import { countPixels, type Picture, readPicture } from './framebuffer.ts';
import { createHand, type Hand } from './hand.ts';
import type { Scene } from './scene.ts';
import { startTourTerminal, type TourTerminal } from './terminal.ts';

/** A hospital in one folder: server, PostgreSQL, display, keyring, browsers, one terminal; all real. */
export interface Stage {
  readonly server: ServerHouse;
  readonly display: Display;
  readonly hand: Hand;
  /** A browser with a profile of its own. */
  browser(name: string): Promise<Page>;
  startTerminal(code: string): Promise<TourTerminal>;
  /** What stands on the terminal's display at this moment. */
  look(): Promise<Picture>;
  /** Waits until the desktop can be seen on the display, or until nothing of it can. */
  desktopIs(state: 'seen' | 'hidden'): Promise<void>;
}

/** Short, so that nobody has to wait for the idle warning. */
/** Idle soon, and nobody goes on without the server: the tour shows what a terminal says then. */
const policy = { session: { idleSeconds: 5, warnSeconds: 3 }, offline: { hours: 0 } };
/** Of the bar of ehr.html; no other page has it. */
const desktopColour = 0x0e7c66;
const size = '1920x1080x24';

export async function openStage(folder: string, stops: ReturnType<typeof createStops>, scene: Scene): Promise<Stage> {
  const pictures = join(folder, 'display');
  mkdirSync(pictures, { recursive: true });
  const opened = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
    stops.add(part.stop);
    return part;
  };
  // Whatever of the three has started is stopped, also when another one fails.
  const [display, keyring, server] = await Promise.all([
    openDisplay({ folder: pictures, virtual: true, size, picture: pictures }).then(opened<Display>),
    openKeyring({ folder: join(folder, 'keyring'), own: true }).then(opened<Keyring>),
    freePort()
      .then((port) =>
        startServer({ folder: join(folder, 'server'), port, env: { KAZASU_POLICY: JSON.stringify(policy) } }),
      )
      .then(opened<ServerHouse>),
  ]);
  opened(await openDesktop(folder, display.env));
  const hand = createHand(display);
  hand.leave();
  stops.add(hand.rest);
  const key = await keyHash(server.origin, server.authority);
  const look = (): Promise<Picture> => readPicture(join(pictures, 'Xvfb_screen0'));
  scene.watchPicture('display', look);

  return {
    server,
    display,
    hand,
    look,
    async browser(name) {
      const context = await openBrowser(join(folder, `browser-${name}`), key);
      stops.add(() => context.close());
      const page = context.pages()[0] ?? (await context.newPage());
      page.setDefaultTimeout(15_000);
      scene.watchWords(`the browser of the ${name}`, () => page.innerText('body'));
      scene.watchPicture(`console-${name}`, () => page.screenshot({ timeout: 4_000 }));
      return page;
    },
    startTerminal: (code) =>
      startTourTerminal({
        folder,
        origin: server.origin,
        authority: server.authority,
        code,
        display,
        keyring: keyring.env,
        stops,
        scene,
        hand,
      }),
    async desktopIs(state) {
      await until(`the desktop is ${state}`, async () => {
        const pixels = countPixels(await look(), desktopColour);
        return state === 'seen' ? pixels > 10_000 : pixels === 0;
      });
    },
  };
}
