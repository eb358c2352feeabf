import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { run } from '#setup/run.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';
import type { FromScreenLine } from './scripted-guard.ts';

const ready = { picture: { kind: 'ready' } };
const secret = {
  picture: {
    kind: 'secret',
    greet: '佐藤 花子',
    factor: 'pin',
    others: ['totp'],
    typed: 0,
    shortest: 8,
    longest: 12,
    checking: false,
    endsAt: Date.now() + 600_000,
  },
};
const open = {
  picture: {
    kind: 'open',
    greet: '佐藤 花子',
    number: 'N-1',
    endsAt: Date.now() + 3_600_000,
    mayOpenConsole: true,
    online: true,
  },
};
const call = (page: Page, name: string, request: unknown): Promise<unknown> =>
  page.evaluate(
    ([one, two]) => (window as never as { kazasu: { call: (...given: unknown[]) => unknown } }).kazasu.call(one, two),
    [name, request] as const,
  );
const failureOf = (answer: unknown): string => (answer as { failure?: { code: string } }).failure?.code ?? 'none';

describe('the screen, told what to show by a scripted guard', { timeout: 240_000 }, () => {
  let world: ScreenWorld;
  let lock: Page;

  before(async () => {
    world = await createScreenWorld({ windowManager: true });
    lock = await world.page('lock');
    world.guard.cover();
    world.guard.show(ready);
    await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock');
  });
  after(async () => await world?.stop());

  /** What the display really shows, asked in Electron's main process. */
  const look = (): Promise<{ kind: string; visible: boolean }[]> =>
    world.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => ({
        kind: window.webContents.getURL().replace('app://ui/', ''),
        visible: window.isVisible(),
      })),
    );
  const visible = async (): Promise<string[]> =>
    (await look())
      .filter((one) => one.visible)
      .map((one) => one.kind)
      .sort();
  const painted = async (
    view: Parameters<ScreenWorld['guard']['show']>[0],
    window = 'lock',
  ): Promise<FromScreenLine> => {
    const from = world.guard.received.length;
    const number = world.guard.show(view);
    return world.guard.waitFor(
      (line) => line.kind === 'painted' && line['number'] === number && line['window'] === window,
      { from },
    );
  };
  const opened = async (): Promise<() => void> => {
    world.guard.cover();
    const end = world.guard.keepOpen();
    await painted(open, 'badge');
    assert.deepEqual(await visible(), ['badge']);
    return end;
  };
  const coveredAfter = async (act: () => unknown): Promise<void> => {
    const from = world.guard.received.length;
    await act();
    await world.guard.waitFor((line) => line.kind === 'cover-state' && line['covered'] === true, { from });
    assert.deepEqual(await visible(), ['lock']);
  };

  describe('a page', () => {
    test('has two functions and nothing of Node or Electron', async () => {
      const found = await lock.evaluate(() => ({
        own: Object.keys((window as never as { kazasu: object }).kazasu).sort(),
        foreign: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
          (name) => name in window,
        ),
      }));
      assert.deepEqual(found, { own: ['call', 'onFrame'], foreign: [] });
    });

    test('is made with every preference of the checklist', async () => {
      const preferences = await world.electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows().map((window) => {
          const given = (
            window.webContents as never as { getLastWebPreferences: () => Record<string, unknown> }
          ).getLastWebPreferences();
          const names = [
            'sandbox',
            'contextIsolation',
            'nodeIntegration',
            'webSecurity',
            'allowRunningInsecureContent',
            'webviewTag',
            'devTools',
            'experimentalFeatures',
          ];
          return names.map((name) => `${name}=${given[name] ?? false}`).join(' ');
        }),
      );
      const wanted =
        'sandbox=true contextIsolation=true nodeIntegration=false webSecurity=true allowRunningInsecureContent=false webviewTag=false devTools=false experimentalFeatures=false';
      assert.ok(preferences.length >= 2);
      for (const one of preferences) assert.equal(one, wanted);
    });

    test('opens no window, goes nowhere and frames nothing', async () => {
      const before = (await look()).length;
      const result = await lock
        .evaluate(() => {
          const opened = window.open('https://example.com/');
          const link = document.createElement('a');
          link.href = 'https://example.com/';
          link.target = '_blank';
          document.body.append(link);
          link.click();
          link.target = '';
          link.click();
          const frame = document.createElement('iframe');
          frame.src = 'https://example.com/';
          document.body.append(frame);
          const own = document.createElement('iframe');
          own.src = 'app://ui/lock';
          document.body.append(own);
          location.assign('https://example.com/');
          location.assign('data:text/html,x');
          location.assign('file:///etc/passwd');
          location.assign('app://ui/cover');
          history.pushState(null, '', '/badge');
          return opened === null;
        })
        .catch((problem: Error) => problem.message);
      assert.equal(result, true);
      await painted(ready);
      const urls = await world.electron.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows().flatMap((window) =>
          window.webContents.mainFrame.framesInSubtree.map((frame) => frame.url),
        ),
      );
      assert.equal((await look()).length, before);
      assert.deepEqual(
        urls.filter((url) => /example|data:|file:/.test(url)),
        [],
      );
      await lock.reload();
      await lock.waitForSelector('html[data-picture="ready"]');
    });

    test('asks nobody anything: no dialog, no print', async () => {
      const result = await lock.evaluate(() => {
        let printed = false;
        window.addEventListener('beforeprint', () => {
          printed = true;
        });
        window.print();
        alert('x');
        return { printed, confirmed: confirm('x'), prompted: prompt('x') };
      });
      assert.deepEqual(result, { printed: false, confirmed: false, prompted: null });
    });

    test('runs no code but its own and reaches no network', async () => {
      const result = await lock.evaluate(
        () =>
          new Promise<Record<string, string>>((resolve) => {
            // In a task of its own: what the debugger evaluates is exempt from the policy.
            setTimeout(async () => {
              const tried: Record<string, () => unknown> = {
                // biome-ignore lint/security/noGlobalEval: the policy must refuse it
                eval: () => globalThis.eval('1'),
                function: () => new Function('return 1')(),
                html: () => {
                  document.body.innerHTML = '<b>x</b>';
                },
                script: () => {
                  document.createElement('script').text = '1';
                },
                worker: () => new Worker('app://ui/main.js'),
                fetch: () => fetch('https://example.com/'),
                own: () => fetch('app://ui/main.js'),
              };
              const said: Record<string, string> = {};
              for (const [name, act] of Object.entries(tried)) {
                try {
                  await act();
                  said[name] = 'worked';
                } catch (problem) {
                  said[name] = (problem as Error).name;
                }
              }
              resolve(said);
            });
          }),
      );
      for (const [name, said] of Object.entries(result)) assert.notEqual(said, 'worked', name);
    });

    test('gets no permission and no device', async () => {
      const result = await lock.evaluate(async () => {
        const refused = (promise: Promise<unknown> | undefined): Promise<boolean> =>
          promise === undefined
            ? Promise.resolve(true)
            : promise.then(
                () => false,
                () => true,
              );
        return {
          notifications: await Notification.requestPermission(),
          query: (await navigator.permissions.query({ name: 'geolocation' })).state,
          media: await refused(navigator.mediaDevices?.getUserMedia({ audio: true })),
          display: await refused(navigator.mediaDevices?.getDisplayMedia()),
          clipboard: await refused(navigator.clipboard?.readText()),
        };
      });
      assert.deepEqual(result, {
        notifications: 'denied',
        query: 'denied',
        media: true,
        display: true,
        clipboard: true,
      });
    });

    test('downloads nothing, has no file to choose and no tools to open', async () => {
      const downloads = await world.electron.evaluate(async ({ BrowserWindow }) => {
        const window = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().endsWith('/lock'));
        if (window === undefined) throw new Error('no lock window');
        let ended = 0;
        window.webContents.session.on('will-download', (event) => {
          if (!event.defaultPrevented) ended += 1;
        });
        window.webContents.openDevTools();
        await window.webContents.executeJavaScript(
          `{ const a = document.createElement('a'); a.href = 'app://ui/main.js'; a.download = 'x.js'; document.body.append(a); a.click(); a.remove(); 0 }`,
        );
        return { ended, tools: window.webContents.isDevToolsOpened() };
      });
      await painted(ready);
      assert.deepEqual(downloads, { ended: 0, tools: false });
      assert.equal(await lock.locator('input, select, textarea, a[href], form').count(), 0);
    });

    test('comes with the headers that forbid all this', async () => {
      const answers = await world.electron.evaluate(async ({ session }) => {
        const own = session.fromPartition('screen', { cache: false });
        const ask = async (address: string) => {
          const answer = await own.fetch(address).catch(() => null);
          return [answer?.status ?? 0, answer?.headers.get('content-security-policy') ?? ''] as const;
        };
        return {
          page: await ask('app://ui/lock'),
          climb: await ask('app://ui/../package.json'),
          escaped: await ask('app://ui/%2e%2e/main.cjs'),
          main: await ask('app://ui/main.cjs'),
          other: await ask('app://other/lock'),
          remote: await ask('https://example.com/'),
        };
      });
      assert.equal(answers.page[0], 200);
      for (const rule of [
        "default-src 'none'",
        "script-src 'self'",
        'sandbox allow-scripts allow-same-origin',
        "require-trusted-types-for 'script'",
        "connect-src 'none'",
      ]) {
        assert.ok(answers.page[1].includes(rule), rule);
      }
      for (const wrong of ['climb', 'escaped', 'main'] as const) assert.equal(answers[wrong][0], 404, wrong);
      assert.notEqual(answers.other[0], 200);
      assert.equal(answers.remote[0], 0);
    });
  });

  describe('the gate', () => {
    const refusal = (from: number): Promise<FromScreenLine> =>
      world.guard.waitFor((line) => line.kind === 'call-refused', { from });

    test('passes a call on to the guard with the window that main knows', async () => {
      const from = world.guard.received.length;
      assert.deepEqual(await call(lock, 'login/press', { key: '7' }), { ok: true, value: {} });
      const line = await world.guard.waitFor((one) => one.kind === 'call', { from });
      assert.deepEqual(
        { ...line, id: 0 },
        { kind: 'call', id: 0, window: 'lock', name: 'login/press', request: { key: '7' } },
      );
    });

    for (const [name, request, code, why] of [
      ['login/open', {}, 'REQUEST_UNKNOWN', 'unknown-call'],
      ['session/lock', {}, 'REQUEST_FOREIGN', 'foreign-window'],
      ['login/press', { key: '42' }, 'REQUEST_INVALID', 'bad-request'],
      ['settings/change', { language: 'ja', debug: true }, 'REQUEST_INVALID', 'bad-request'],
    ] as const) {
      test(`refuses ${name} ${JSON.stringify(request)} and reports it`, async () => {
        const from = world.guard.received.length;
        assert.equal(failureOf(await call(lock, name, request)), code);
        assert.deepEqual(await refusal(from), { kind: 'call-refused', window: 'lock', name, why });
      });
    }

    test('refuses a page that is not one of its windows, even with the same preload', async () => {
      const from = world.guard.received.length;
      const answer = await world.electron.evaluate(async ({ BrowserWindow, session }) => {
        const known = BrowserWindow.getAllWindows()[0];
        const { preload } = (
          known?.webContents as never as { getLastWebPreferences: () => { preload: string } }
        ).getLastWebPreferences();
        const stranger = new BrowserWindow({
          show: false,
          webPreferences: { preload, sandbox: true, session: session.fromPartition('screen', { cache: false }) },
        });
        await stranger.loadURL('app://ui/lock');
        const said: unknown = await stranger.webContents.executeJavaScript(`kazasu.call('login/press', { key: '1' })`);
        stranger.destroy();
        return said;
      });
      assert.equal(failureOf(answer), 'REQUEST_FOREIGN');
      const line = await world.guard.waitFor((one) => one.kind === 'call-refused' && one['name'] === 'login/press', {
        from,
      });
      assert.deepEqual(line, { kind: 'call-refused', window: 'foreign', name: 'login/press', why: 'foreign-sender' });
    });

    test('keeps language and sound and shows them at once', async () => {
      await call(lock, 'settings/change', { language: 'en', sound: false });
      await lock.waitForSelector('html[lang="en"]');
      assert.match(await lock.innerText('h1'), /Hold your card/);
      await call(lock, 'settings/change', { language: 'ja', sound: true });
      await lock.waitForSelector('html[lang="ja"]');
      assert.match(await lock.innerText('h1'), /かざしてください/);
    });
  });

  describe('typing', () => {
    const presses = (from: number): unknown[] =>
      world.guard.received
        .slice(from)
        .filter((line) => line['name'] === 'login/press')
        .map((line) => (line['request'] as { key: string }).key);

    test('real keys of the display, the pad and an input method all press the same keys', async () => {
      await painted(secret);
      const from = world.guard.received.length;
      const typed = await run('xdotool', ['key', '--delay', '20', '1', 'KP_2', 'BackSpace', 'Return'], {
        env: { ...process.env, ...world.display.env },
      });
      assert.ok(typed.ok, typed.error);
      await world.guard.waitFor(
        (line) => line.kind === 'call' && JSON.stringify(line['request']) === '{"key":"enter"}',
        { from },
      );
      await lock.click('.key-9');
      await lock.focus('.key-8');
      await lock.keyboard.press('Space');
      await lock.keyboard.press('Escape');
      await world.guard.waitFor((line) => line['name'] === 'login/cancel', { from });
      assert.deepEqual(presses(from), ['1', '2', 'back', 'enter', '9', '8']);
    });

    test('keys are large enough for gloves, and the page never holds what was typed', async () => {
      await painted({ picture: { ...secret.picture, typed: 5 } });
      for (const key of await lock.locator('.pad-key').all()) {
        const box = await key.boundingBox();
        assert.ok(box !== null && box.width >= 72 && box.height >= 72, JSON.stringify(box));
      }
      assert.equal(await lock.locator('.dot.full').count(), 5);
      assert.equal(await lock.locator('input').count(), 0);
      await painted(ready);
    });
  });

  describe('the cover', () => {
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
      assert.deepEqual(await visible(), ['lock']);
      world.guard.lease(999_999);
      await world.guard.waitFor((line) => line.kind === 'hello', { from });
      assert.deepEqual(await visible(), ['lock']);
      world.guard.cover();
      await painted(ready);
    });

    test('a lease alone shows no desktop while the view says covered', async () => {
      world.guard.cover();
      const end = world.guard.keepOpen();
      await painted(ready);
      assert.deepEqual(await visible(), ['lock']);
      end();
      world.guard.cover();
    });

    test('covers when the guard is gone, says so, and joins it again', async () => {
      const end = await opened();
      end();
      await world.guard.hangUp();
      await lock.waitForSelector('html[data-picture="not-ready"]');
      assert.deepEqual(await visible(), ['lock']);
      const from = world.guard.received.length;
      await world.guard.listen();
      await world.guard.waitFor((line) => line.kind === 'hello', { from });
      world.guard.cover();
      await painted(ready);
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
      await painted(ready);
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
          (screen as never as { emit: (name: string) => void }).emit(
            wanted === 2 ? 'display-added' : 'display-removed',
          );
        }, count);
      const from = world.guard.received.length;
      await pretend(2);
      await world.guard.waitFor(
        (line) => line.kind === 'cover-state' && line['displays'] === 2 && line['covered'] === true,
        { from },
      );
      assert.deepEqual(await visible(), ['cover', 'lock']);
      const cover = await world.page('cover');
      assert.match(await cover.innerText('body'), /ロック中/);
      await pretend(1);
      await world.guard.waitFor(
        (line) => line.kind === 'cover-state' && line['displays'] === 1 && line['covered'] === true,
        { from },
      );
      assert.deepEqual(await visible(), ['lock']);
    });
  });

  describe('repairs', () => {
    test('a page that closes its own window is made anew, covered', async () => {
      const from = world.guard.received.length;
      await lock.evaluate(() => window.close()).catch(() => undefined);
      await world.guard.waitFor((line) => line.kind === 'repaired' && line['what'] === 'lock window', { from });
      assert.deepEqual(await visible(), ['lock']);
      await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock', { from });
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
      assert.deepEqual(await visible(), ['lock']);
      await world.guard.waitFor((line) => line.kind === 'painted' && line['window'] === 'lock', { from });
    });

    test('ends when it is asked to', async () => {
      const exited = new Promise((resolve) => world.electron.process().once('exit', resolve));
      world.electron.process().kill('SIGTERM');
      await exited;
    });
  });
});
