import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';

const ready = { picture: { kind: 'ready' } };
const greeting = {
  kind: 'secret',
  factor: 'pin',
  others: [],
  accepted: [],
  typed: 0,
  shortest: 8,
  longest: 12,
  checking: false,
  endsAt: Date.now() + 600_000,
};

const call = (page: Page, name: string, request: unknown): Promise<unknown> =>
  page.evaluate(
    ([one, two]) => (window as never as { kazasu: { call: (...given: unknown[]) => unknown } }).kazasu.call(one, two),
    [name, request] as const,
  );

describe('a page of the screen', { timeout: 120_000 }, () => {
  let world: ScreenWorld;
  let lock: Page;

  before(async () => {
    world = await createScreenWorld({ windowManager: true });
    lock = await world.page('lock');
    world.guard.cover();
    await world.painted(ready);
  });
  after(async () => await world?.stop());

  const countWindows = (): Promise<number> =>
    world.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

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
          'experimentalFeatures',
        ];
        return names.map((name) => `${name}=${given[name]}`).join(' ');
      }),
    );
    const wanted =
      'sandbox=true contextIsolation=true nodeIntegration=false webSecurity=true allowRunningInsecureContent=false webviewTag=false experimentalFeatures=false';
    assert.ok(preferences.length >= 2);
    for (const one of preferences) assert.equal(one, wanted);
  });

  test('opens no window, goes nowhere and frames nothing', async () => {
    const before = await countWindows();
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
        return opened === null;
      })
      .catch((problem: Error) => problem.message);
    assert.equal(result, true);
    await world.painted(ready);
    const urls = lock.frames().map((frame) => frame.url());
    assert.equal(await countWindows(), before);
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
      return { printed, confirmed: confirm('x') };
    });
    assert.deepEqual(result, { printed: false, confirmed: false });
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

  test('words of others are words: nothing in them is drawn or run', async () => {
    const hostile = '<img src="x" onerror="globalThis.hit=1"><script>globalThis.hit=1</script>{{1}}';
    const picture = { ...greeting, greet: hostile };
    await world.painted({ picture });
    assert.ok((await lock.innerText('body')).includes(hostile));
    assert.equal(await lock.locator('img, script:not([src])').count(), 0);
    assert.equal(await lock.evaluate('globalThis.hit'), undefined);
    await world.painted(ready);
  });

  test('a file or an address that is dropped on it leads nowhere', async () => {
    const before = lock.url();
    const devtools = await lock.context().newCDPSession(lock);
    for (const data of [
      { items: [{ mimeType: 'text/uri-list', data: 'https://example.com/' }], dragOperationsMask: 1 },
      { items: [], files: ['/etc/hostname'], dragOperationsMask: 1 },
    ])
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await devtools.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await world.painted(ready);
    assert.equal(lock.url(), before);
    assert.equal(await countWindows(), (await world.electron.windows()).length);
  });

  test('downloads nothing, has no file to choose and no tools to open', async () => {
    const downloads = await world.electron.evaluate(async ({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().endsWith('/lock'));
      if (window === undefined) throw new Error('no lock window');
      let ended = 0;
      window.webContents.session.on('will-download', (event) => {
        if (!event.defaultPrevented) ended += 1;
      });
      let tools = false;
      window.webContents.once('devtools-opened', () => {
        tools = true;
      });
      window.webContents.openDevTools();
      await window.webContents.executeJavaScript(
        `{ const a = document.createElement('a'); a.href = 'app://ui/main.js'; a.download = 'x.js'; document.body.append(a); a.click(); a.remove(); 0 }`,
      );
      await new Promise((resolve) => setTimeout(resolve, 700));
      return { ended, tools: tools || window.webContents.isDevToolsOpened() };
    });
    await world.painted(ready);
    assert.deepEqual(downloads, { ended: 0, tools: false });
    assert.equal(await lock.locator('input, select, textarea, a[href], form').count(), 0);
  });

  test('a page without that policy, if there ever were one, is refused the same by main itself', async (t) => {
    let reached = 0;
    const server = createServer((_request, answer) => {
      reached += 1;
      answer.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const found = await world.electron.evaluate(async ({ BrowserWindow, session }, address) => {
      const own = session.fromPartition('screen', { cache: false });
      const window = new BrowserWindow({ show: false, webPreferences: { session: own, sandbox: true } });
      try {
        const page = window.webContents;
        await window.loadURL('about:blank');
        const said: Record<string, boolean | undefined> = {};
        const refuses = (from: NodeJS.EventEmitter, kind: string): boolean => {
          let refused = false;
          const preventDefault = () => {
            refused = true;
          };
          from.emit(kind, { url: address, preventDefault }, address);
          return refused;
        };
        // Each stands by itself: where two refuse the same, the second is never asked.
        for (const kind of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])
          said[kind] = refuses(page, kind);
        said['will-download'] = refuses(own, 'will-download');
        const run = (code: string): Promise<unknown> => page.executeJavaScript(code, true);
        const windows = BrowserWindow.getAllWindows().length;
        await run(`window.open('about:blank'); 0`);
        await new Promise((resolve) => setTimeout(resolve, 200));
        said['opens nothing'] = BrowserWindow.getAllWindows().length === windows;
        const frame = `const f = document.createElement('iframe'); f.src = '${address}'; document.body.append(f);`;
        await run(`${frame} 0`);
        await run(`fetch('${address}', { mode: 'no-cors' }).catch(() => 0).then(() => 0)`);
        await run(`location.assign('${address}'); 0`);
        await new Promise((resolve) => setTimeout(resolve, 500));
        said['stays'] = page.getURL() === 'about:blank';
        return said;
      } finally {
        window.destroy();
      }
    }, `http://127.0.0.1:${port}/`);
    assert.deepEqual(found, {
      'will-navigate': true,
      'will-frame-navigate': true,
      'will-redirect': true,
      'will-attach-webview': true,
      'will-download': true,
      'opens nothing': true,
      stays: true,
    });
    assert.equal(reached, 0, 'requests that left');
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

  test('plays the sound of a view once, lets the sound device go, and is silent when told', async () => {
    await lock.evaluate(() => {
      const heard: AudioContext[] = [];
      const Real = window.AudioContext;
      Object.assign(window, {
        heard,
        AudioContext: class extends Real {
          constructor() {
            super();
            heard.push(this);
          }
        },
      });
    });
    const heard = (): Promise<string[]> =>
      lock.evaluate(() => (window as never as { heard: AudioContext[] }).heard.map((context) => context.state));
    await world.painted({ ...ready, cue: 'locked' });
    await lock.waitForFunction(() => (window as never as { heard: AudioContext[] }).heard[0]?.state === 'closed');
    await call(lock, 'settings/change', { language: 'en' });
    await lock.waitForSelector('html[lang="en"]');
    await call(lock, 'settings/change', { language: 'ja', sound: false });
    await world.painted({ ...ready, cue: 'refused' });
    assert.deepEqual(await heard(), ['closed']);
    await call(lock, 'settings/change', { sound: true });
  });
});
