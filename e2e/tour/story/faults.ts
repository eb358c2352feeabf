import type { Page } from 'playwright';
import type { Telling } from '../teller.ts';
import { cards, hanako } from './cast.ts';
import { lockByButton, logIn } from './day.ts';
import { heading, type Tour, takeDisplay, takePage } from './tour.ts';

/** What fails has one clear picture, and comes back by itself, locked. */
export async function breakThings(tour: Tour): Promise<void> {
  const { teller, stage, admin, terminal } = tour;
  teller.chapter('壊れても安全に — Whatever fails, nothing opens');

  const notReady = async (why: string, telling: Telling): Promise<Page> => {
    const lock = await terminal.shows('not-ready', 20_000);
    await lock.waitForSelector(`[data-why="${why}"]`);
    telling.saw(await heading(lock));
    return lock;
  };

  await teller.step('The reader is unplugged, and plugged in again', async (telling) => {
    await terminal.unplug();
    const lock = await notReady('no-reader', telling);
    await takeDisplay(telling, 'no-reader', stage, lock);
    await terminal.plug();
    telling.saw(`and again ${await heading(await terminal.shows('ready', 15_000))}`);
  });

  await teller.step('The reader service is killed, and started again', async (telling) => {
    await terminal.killReaderService();
    const lock = await notReady('no-service', telling);
    await takeDisplay(telling, 'no-reader-service', stage, lock);
    await terminal.restartReaderService();
    telling.saw(`and again ${await heading(await terminal.shows('ready', 15_000))}`);
  });

  await teller.step(
    'The guard is killed while a desktop is open: covered at once, and back, locked',
    async (telling) => {
      await logIn(tour, cards.hanako, hanako.pin);
      await stage.desktopIs('seen');
      const killed = performance.now();
      terminal.house.guard.kill('SIGKILL');
      await stage.desktopIs('hidden');
      telling.saw(`nothing of the desktop can be seen ${Math.round(performance.now() - killed)} ms later`);
      await terminal.house.guard.whenReady();
      const lock = await terminal.shows('ready', 15_000);
      await takeDisplay(telling, 'guard-back', stage, lock);
    },
  );

  await teller.step(
    'The server is killed: the terminal and the console say so; it returns, and so do they',
    async (telling) => {
      stage.server.process.kill('SIGKILL');
      const lock = await notReady('server-unreachable', telling);
      await takeDisplay(telling, 'server-unreachable', stage, lock);
      await admin.getByText('サーバーとの接続が切れました').waitFor();
      await takePage(telling, 'console-line-lost', admin);
      await stage.server.process.whenReady();
      telling.saw(`and again ${await heading(await terminal.shows('ready', 30_000))}`);
      await admin.getByText('サーバーとの接続が切れました').waitFor({ state: 'detached', timeout: 30_000 });
      await logIn(tour, cards.hanako, hanako.pin);
      await lockByButton(tour);
      telling.saw('a login works as before');
    },
  );
}
