import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { root } from '#setup/paths.ts';
import { until } from '../world.ts';
import { createScriptedGuard, type ScriptedGuard } from './scripted-guard.ts';

const nobody = 65534;
/** Root cannot use Chromium's sandbox, so root runs the program as somebody else; everybody else as themself. */
const asUser =
  process.getuid?.() === 0 ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] : [];
const runAsUser = (command: string, ...given: string[]) => {
  const [first = command, ...rest] = [...asUser, command, ...given];
  return { first, rest };
};

/** Whether Chromium can build its sandbox here: it takes a user namespace, user_namespaces(7). */
const mayMakeNamespaces = (): boolean => {
  const { first, rest } = runAsUser('unshare', '--user', 'true');
  return spawnSync(first, rest, { stdio: 'ignore' }).status === 0;
};

describe('what is shipped, run by an ordinary user', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-sandbox-'));
  const program = findElectron();
  let display: Display;
  let guard: ScriptedGuard;

  before(async () => {
    display = await openDisplay({ folder: join(folder, 'display'), virtual: true, windowManager: false });
    guard = await createScriptedGuard(join(folder, 'guard.sock'));
    cpSync(join(root, 'dist', 'release', 'screen'), join(folder, 'screen'), { recursive: true });
    // The tree may lie where others cannot reach it, such as /root.
    cpSync(dirname(program.path), join(folder, 'electron'), { recursive: true });
    mkdirSync(join(folder, 'data'));
    if (asUser.length > 0) chownSync(join(folder, 'data'), nobody, nobody);
    for (const open of ['', 'display', 'screen', 'electron']) chmodSync(join(folder, open), 0o755);
    chmodSync(join(folder, 'display', 'xauthority'), 0o644);
    chmodSync(join(folder, 'guard.sock'), 0o777);
  });
  after(async () => {
    await guard?.stop();
    await display?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = () => {
    const { first, rest } = runAsUser(join(folder, 'electron', basename(program.path)), join(folder, 'screen'));
    const screen = spawn(first, rest, {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: join(folder, 'data'),
        DBUS_SESSION_BUS_ADDRESS: 'disabled:',
        ...display.env,
        KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
        KAZASU_SCREEN_DATA: join(folder, 'data', 'screen'),
      },
    });
    const ended = new Promise<number | null>((resolve) => screen.once('exit', resolve));
    return { screen, ended };
  };

  if (!mayMakeNamespaces()) {
    // Inside a chroot or a closed container an ordinary user gets no namespace of their own.
    test('does not run at all where the machine gives it no sandbox', async () => {
      const { ended } = start();
      assert.notEqual(await ended, 0);
      assert.ok(!guard.received.some((line) => line.kind === 'painted'));
    });
    return;
  }

  test('paints, with every page behind a filter of system calls', async () => {
    const { screen, ended } = start();
    await guard.waitFor((line) => line.kind === 'hello', { within: 30_000 });
    guard.cover();
    guard.show({ picture: { kind: 'ready' } });
    await guard.waitFor((line) => line.kind === 'painted');

    // Pages that are being made put on their filter before they load anything.
    const pages = await until('every page behind its filter', () => {
      const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isPage(pid, join(folder, 'data')));
      return found.every(isFiltered) && found;
    });
    assert.ok(pages.length > 0, 'no page found');
    screen.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});

/** 2 is SECCOMP_MODE_FILTER, proc(5). */
function isFiltered(pid: string): boolean {
  try {
    return /^Seccomp:\s*2$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

function isPage(pid: string, folder: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes('--type=renderer') && command.includes(folder);
  } catch {
    return false;
  }
}
