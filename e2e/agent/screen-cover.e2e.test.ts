import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { until } from '#e2e/world.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';
import type { FromScreenLine } from './scripted-guard.ts';

const ready = { picture: { kind: 'ready' } };
const open = {
  picture: {
    kind: 'open',
    greet: '佐藤 花子',
    number: 'N-1',
    endsAt: Date.now() + 3_600_000,
    mayOpenConsole: true,
  },
};

describe('the cover of every display', { timeout: 120_000 }, () => {
  let world: ScreenWorld;
  let lock: Page;

  before(async () => {
    world = await createScreenWorld({ windowManager: true });
    lock = await world.page('lock');
    world.guard.cover();
    await world.painted(ready);
  });
  after(async () => await world?.stop());

  const opened = async (): Promise<() => void> => {
    world.guard.cover();
    const end = world.guard.keepOpen();
    await world.painted(open, 'badge');
    assert.deepEqual(await world.visible(), ['badge']);
    return end;
  };
  const coveredAfter = async (act: () => unknown): Promise<void> => {
    const from = world.guard.received.length;
    await act();
    await world.guard.waitFor((line) => line.kind === 'cover-state' && line['covered'] === true, { from });
    // The X server unmaps the badge a moment after it was told to: a moment, and no longer.
    const visible = await until(
      'the badge is gone',
      async () => {
        const now = await world.visible();
        return now.includes('badge') ? null : now;
      },
      1_000,
    );
    assert.deepEqual(visible, ['lock']);
  };

  test('opens under a fresh lease and a view that says so, shows the badge, and covers when the lease is over', async () => {
    const end = await opened();
    const badge = await world.page('badge');
    assert.match(await badge.innerText('body'), /佐藤 花子/);
    await coveredAfter(end);
  });

  test('covers at once when told, long before the lease is over', async () => {
    const end = await opened();
    const began = performance.now();
    await coveredAfter(() => {
      end();
      world.guard.cover();
    });
    assert.ok(performance.now() - began < 1500);
  });

  test('takes no lease of another lock, none that was used, and none with a longer life', async () => {
    const from = world.guard.received.length;
    world.guard.cover();
    world.guard.show(open);
    world.guard.lease(2000, { lock: '00000000-0000-4000-8000-000000000000' });
    world.guard.send({ kind: 'ping', id: 41 });
    await world.guard.waitFor((line) => line.kind === 'pong' && line['id'] === 41, { from });
    assert.deepEqual(await world.visible(), ['lock']);
    world.guard.lease(999_999);
    await world.guard.waitFor((line) => line.kind === 'hello', { from });
    assert.deepEqual(await world.visible(), ['lock']);
    world.guard.cover();
    await world.painted(ready);
  });

  test('a lease alone shows no desktop while the view says covered', async () => {
    world.guard.cover();
    const end = world.guard.keepOpen();
    await world.painted(ready);
    assert.deepEqual(await world.visible(), ['lock']);
    end();
    world.guard.cover();
  });

  test('covers when the guard is gone, says so, and joins it again', async () => {
    const end = await opened();
    end();
    await world.guard.hangUp();
    await lock.waitForSelector('html[data-picture="not-ready"]');
    assert.deepEqual(await world.visible(), ['lock']);
    const from = world.guard.received.length;
    await world.guard.listen();
    await world.guard.waitFor((line) => line.kind === 'hello', { from });
    world.guard.cover();
    await world.painted(ready);
  });

  test('shows a name nowhere under the open desktop', async () => {
    const end = await opened();
    assert.doesNotMatch(await lock.innerText('body'), /佐藤/);
    await coveredAfter(end);
  });

  test('tells idle seconds while open', async () => {
    const from = world.guard.received.length;
    const end = await opened();
    const line = await world.guard.waitFor((one) => one.kind === 'idle', { from });
    assert.equal(typeof line['seconds'], 'number');
    await coveredAfter(end);
    await world.painted(ready);
  });

  test('covers a second display as soon as it is there', async () => {
    const pretend = (count: number): Promise<void> =>
      world.electron.evaluate(({ screen }, wanted) => {
        const real = screen.getPrimaryDisplay();
        const half = { ...real.bounds, width: 960 };
        const displays = [
          { ...real, bounds: half },
          { ...real, id: 77, bounds: { ...half, x: 960 } },
        ].slice(0, wanted);
        const own = screen as never as Record<string, unknown>;
        own['getAllDisplays'] = () => displays;
        own['getPrimaryDisplay'] = () => displays[0];
        (screen as never as { emit: (name: string) => void }).emit(wanted === 2 ? 'display-added' : 'display-removed');
      }, count);
    const from = world.guard.received.length;
    await pretend(2);
    await world.guard.waitFor(
      (line) => line.kind === 'cover-state' && line['displays'] === 2 && line['covered'] === true,
      { from },
    );
    const cover = await world.page('cover');
    assert.deepEqual(await world.visible(), ['cover', 'lock']);
    assert.match(await cover.innerText('body'), /ロック中/);
    await pretend(1);
    await world.guard.waitFor(
      (line) => line.kind === 'cover-state' && line['displays'] === 1 && line['covered'] === true,
      { from },
    );
    assert.deepEqual(await world.visible(), ['lock']);
  });

  describe('repairs', () => {
    test('a page that closes its own window is made anew, covered', async () => {
      const from = world.guard.received.length;
      await lock.evaluate(() => window.close()).catch(() => undefined);
      await world.guard.waitFor((line) => line.kind === 'repaired' && line['what'] === 'lock window', { from });
      assert.equal((await world.visible()).length, 1);
      await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock', { from });
      assert.deepEqual(await world.visible(), ['lock']);
      lock = await world.page('lock');
      assert.match(await lock.innerText('h1'), /かざしてください/);
    });

    test('a page that crashes stays covered and comes back', async () => {
      const from = world.guard.received.length;
      await world.electron.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()
          .find((one) => one.webContents.getURL().endsWith('/lock'))
          ?.webContents.forcefullyCrashRenderer();
      });
      await world.guard.waitFor((line) => line.kind === 'repaired' && /^lock page/.test(String(line['what'])), {
        from,
      });
      assert.deepEqual(await world.visible(), ['lock']);
      await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock', { from });
    });

    for (const [what, fault] of [
      ['hangs', 'setTimeout(() => { for (;;); }); 0'],
      ['has become blank', 'document.getElementById("root").remove(); 0'],
    ] as const)
      test(`a page that ${what} is noticed, although nothing new is to be shown`, async () => {
        const from = world.guard.received.length;
        await world.electron.evaluate(({ BrowserWindow }, script) => {
          const page = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().endsWith('/lock'));
          void page?.webContents.executeJavaScript(script);
        }, fault);
        const repaired = (line: FromScreenLine): boolean =>
          line.kind === 'repaired' && /^lock page/.test(String(line['what']));
        await world.guard.waitFor(repaired, { from, within: 15_000 });
        assert.deepEqual(await world.visible(), ['lock']);
        await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock', { from });
      });

    test('ends when it is asked to', async () => {
      const exited = new Promise((resolve) => world.electron.process().once('exit', resolve));
      world.electron.process().kill('SIGTERM');
      await exited;
    });
  });
});
