import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisplay } from './display.ts';
import { findElectron } from './electron.ts';
import { run } from './run.ts';

const size = (env: NodeJS.ProcessEnv) =>
  run('xdotool', ['getdisplaygeometry'], { env: { PATH: process.env['PATH'], ...env } });

test('starts a virtual display with a window manager, uses it again, and refuses strangers', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-display-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const display = await openDisplay({ folder, env: { PATH: process.env['PATH'] } });
  t.after(display.stop);
  assert.equal(display.virtual, true);
  assert.equal((await size(display.env)).out.trim(), '1920 1080');

  const again = await openDisplay({ folder, env: { PATH: process.env['PATH'], ...display.env } });
  assert.equal(again.virtual, false);
  assert.equal(again.env.DISPLAY, display.env.DISPLAY);
  await again.stop();

  const other = await openDisplay({
    folder: join(folder, 'other'),
    virtual: true,
    size: '800x600x24',
    windowManager: false,
  });
  t.after(other.stop);
  assert.notEqual(other.env.DISPLAY, display.env.DISPLAY);
  assert.equal((await size(other.env)).out.trim(), '800 600');
  assert.equal((await size({ DISPLAY: other.env.DISPLAY, XAUTHORITY: '/dev/null' })).ok, false, 'without the cookie');
  await other.stop();
  await display.stop();
  assert.equal((await size(display.env)).ok, false, 'a stopped display answers nothing');
});

test('Electron runs on it and says the version that was found', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-display-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const display = await openDisplay({ folder, virtual: true, windowManager: false });
  t.after(display.stop);
  const electron = findElectron();
  const app = join(import.meta.dirname, 'fixtures', 'version-app');
  const ran = await run(electron.path, [...electron.flags, app], {
    env: { ...process.env, ...display.env },
    within: 20_000,
  });
  assert.match(ran.out, new RegExp(`^electron ${electron.version} probe 1\\.2\\.3$`, 'm'), ran.error);
});
