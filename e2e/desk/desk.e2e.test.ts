import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, type Page } from 'playwright';
import { buildAll } from '#setup/build.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { node, root } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { freePort, until } from '../world.ts';

/** `npm start` as a person at a desk meets it; Xvfb is the display. */
const folder = mkdtempSync(join(tmpdir(), 'kzd-'));
chmodSync(folder, 0o711);
const home = join(folder, 'desk');
const children: ChildProcess[] = [];
let display: Display;

before(async () => {
  await buildAll();
  display = await openDisplay({ folder: join(folder, 'display'), virtual: true });
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await until('nothing runs in the folder any more', () => listRunning().length === 0, 20_000).finally(display.stop);
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  said(): string;
  ready(): Promise<void>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function start(env: NodeJS.ProcessEnv = {}): Started {
  const { KAZASU_PORT: _, KAZASU_KIOSK: __, ...inherited } = process.env;
  const child = spawn(node, [join(root, 'e2e', 'desk', 'start.ts')], {
    cwd: root,
    env: { ...inherited, ...display.env, KAZASU_HOME: home, KAZASU_DEBUG: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    child,
    said: () => text,
    ready: async () => {
      await until(
        'the desk is ready',
        () => {
          if (child.exitCode !== null) throw new Error(text);
          return /Ctrl\+C ends everything/.test(text);
        },
        90_000,
      ).catch((problem: unknown) => assert.fail(`${problem}\n${text}`));
    },
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** Processes that have the folder among their arguments. */
const listRunning = (): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.includes(`${home}/`) ? [`${pid} ${words}`] : [];
    } catch {
      return [];
    }
  });

async function lockWindow(): Promise<{ page: Page; close(): Promise<void> }> {
  const file = join(home, 'terminal', 'screen', 'DevToolsActivePort');
  // A connection that comes while the windows are being made may hang; the next one does not.
  const connect = async () => {
    const port = readFileSync(file, 'utf8').split('\n')[0];
    return chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true, timeout: 4_000 });
  };
  const browser = await until('the screen opens its port', connect, 25_000);
  const page = await until('the lock window', () =>
    browser
      .contexts()
      .flatMap((context) => context.pages())
      .find((one) => one.url().endsWith('/lock')),
  );
  return { page, close: () => browser.close() };
}

async function shows(picture: string): Promise<void> {
  const { page, close } = await lockWindow();
  await page.waitForSelector(`[data-picture="${picture}"]`, { timeout: 15_000 });
  await close();
}

const trayPage = (): URL =>
  new URL(
    (JSON.parse(readFileSync(join(home, 'tray', 'tray.log'), 'utf8').split('\n')[0] ?? '') as { page: string }).page,
  );

test('starts whole beside the usual port, shows lock window and tray, and reads a card from the tray', async (t) => {
  // Somebody has the usual port: this test, unless another program was quicker.
  const holder = createServer()
    .on('error', () => undefined)
    .listen(8_443, '127.0.0.1');
  t.after(() => holder.close());
  const desk = start();
  await desk.ready();
  assert.match(desk.said(), /Port 8443 is taken by process \d+ \(.+\); using \d+\./);
  assert.match(desk.said(), /1\. Become the first admin\. Open this one-time link/);

  const sizes = await Promise.all(
    ['^Kazasu$', 'Kazasu card tray'].map(async (name) => {
      // A window may go away between being found and being asked: ask again.
      return until(`the size of ${name}`, async () => {
        const found = await run('xdotool', ['search', '--onlyvisible', '--name', name, 'getwindowgeometry'], {
          env: { ...process.env, ...display.env },
        });
        return /Geometry: (\d+)x(\d+)/.exec(found.out)?.slice(1).map(Number);
      });
    }),
  );
  for (const [width = 0, height = 0] of sizes) assert.ok(width < 1_300 && height < 900, `an ordinary window: ${sizes}`);

  await shows('ready');
  const page = trayPage();
  const hold = (headers: Record<string, string>) => fetch(new URL('hold/staff-1', page), { method: 'POST', headers });
  assert.equal((await hold({ origin: 'https://elsewhere.example' })).status, 403);
  assert.equal((await hold({})).status, 403);
  assert.equal((await fetch(new URL('/guess/cards', page))).status, 404);
  assert.equal((await hold({ origin: page.origin })).status, 200);
  await shows('refused');
  assert.equal((await fetch(new URL('lift', page), { method: 'POST', headers: { origin: page.origin } })).status, 200);
});

test('a second start in the same folder is refused by the name of the first', async () => {
  const first = children.at(-1);
  const second = start();
  const [code] = await once(second.child, 'exit');
  assert.equal(code, 1);
  assert.match(second.said(), new RegExp(`running in ${home} already: process ${first?.pid} \\(.*desk/start\\.ts`));
});

test('after SIGKILL the next start finds what was left, works, and ends with nothing left', async () => {
  children.find((child) => child.exitCode === null && child.signalCode === null)?.kill('SIGKILL');
  const desk = start({ KAZASU_PORT: String(await freePort()) });
  await desk.ready();
  assert.match(desk.said(), /The start before this one \(process \d+\) was killed; (it left|ending what it left)/);
  await shows('ready');
  assert.equal(await desk.end('SIGTERM'), 0, desk.said());
  assert.deepEqual(listRunning(), []);
  assert.ok(!readdirSync(home).includes('running.json'));
});

test('a port that was asked for and is taken stops the start, with the holder’s name', async (t) => {
  const port = await freePort();
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const desk = start({ KAZASU_PORT: String(port) });
  assert.deepEqual(await once(desk.child, 'exit'), [1, null]);
  assert.match(
    desk.said(),
    new RegExp(`Port ${port} is taken by process ${process.pid} \\(.+\\)\\. End it, or choose`),
  );
  assert.deepEqual(listRunning(), []);
});

for (const { lost, folders, line } of [
  { lost: 'the server', folders: ['server'], line: /This terminal enrols anew/ },
  { lost: 'the terminal', folders: ['terminal'], line: /This terminal has lost who it was: it enrols anew/ },
  { lost: 'the keyring', folders: ['keyring'], line: /not in the keyring any more: it enrols anew/ },
]) {
  test(`goes on when the data of ${lost} are gone`, async () => {
    for (const name of folders) rmSync(join(home, name), { recursive: true });
    const desk = start({ KAZASU_PORT: String(await freePort()) });
    await desk.ready();
    assert.match(desk.said(), line);
    await shows('ready');
    assert.equal(await desk.end('SIGINT'), 0, desk.said());
  });
}

test('a first start that is killed half-way, twice, goes on at the next', async () => {
  rmSync(home, { recursive: true, force: true });
  const port = String(await freePort());
  for (const reached of ['server/postgres', 'terminal/log/guard.log']) {
    const desk = start({ KAZASU_PORT: port });
    await until(reached, () => existsSync(join(home, reached)), 20_000).catch((problem: unknown) =>
      assert.fail(`${problem}\n${desk.said()}`),
    );
    await desk.end('SIGKILL');
  }
  const desk = start({ KAZASU_PORT: port });
  await desk.ready();
  await shows('ready');
  assert.equal(await desk.end('SIGTERM'), 0, desk.said());
  assert.deepEqual(listRunning(), []);
});
