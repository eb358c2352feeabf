import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { screenFolder } from '#setup/paths.ts';
import { createScriptedGuard, type ScriptedGuard } from './scripted-guard.ts';

const bugs = {
  exception: "throw new Error('a bug');",
  rejection: "void Promise.reject(new Error('a bug'));",
};

describe('a bug in the main process', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-bug-'));
  const program = findElectron();
  let display: Display;
  let guard: ScriptedGuard;
  before(async () => {
    display = await openDisplay({ folder: join(folder, 'display'), virtual: true, windowManager: false });
    guard = await createScriptedGuard(join(folder, 'guard.sock'));
  });
  after(async () => {
    await guard?.stop();
    await display?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, bug] of Object.entries(bugs)) {
    test(`ends it at once, without a dialog that waits for somebody: ${name}`, async () => {
      const broken = join(folder, name);
      cpSync(screenFolder, broken, { recursive: true });
      appendFileSync(
        join(broken, 'main.cjs'),
        `\nrequire('electron').app.whenReady().then(() => setTimeout(() => { ${bug} }, 300));\n`,
      );
      const screen = spawn(program.path, [...program.flags, broken], {
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
          ...display.env,
          KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
          KAZASU_SCREEN_DATA: join(folder, `${name}-data`),
        },
      });
      const [code] = (await once(screen, 'exit', { signal: AbortSignal.timeout(15_000) }).finally(() =>
        screen.kill('SIGKILL'),
      )) as [number | null];
      assert.equal(code, 70);
    });
  }
});
