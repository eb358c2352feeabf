import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { root } from '#setup/paths.ts';
import { findAltered, listWrongFuses, makeReleaseElectron, sealOf } from '#setup/release-electron.ts';

interface Outcome {
  readonly out: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs a program until it ends, or until the time is over; what it printed, and how it ended. */
function runFor(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  milliseconds: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, detached: true });
    let out = '';
    const take = (chunk: Buffer): void => {
      out += chunk;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(end, milliseconds);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({ out, code, signal });
    });
  });
}

describe('the Electron of a release', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-fuses-'));
  const marker = 'kazasu-was-here';
  const script = join(folder, 'hostile.cjs');
  const { path: stock, flags } = findElectron();
  let display: Display;
  let release: string;

  before(async () => {
    writeFileSync(script, `process.stdout.write('${marker}');`);
    display = await openDisplay({ folder: join(folder, 'display'), virtual: true });
    release = await makeReleaseElectron(stock, join(root, 'dist', 'release', 'screen'), join(folder, 'release'));
  });
  after(async () => {
    await display?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: folder,
    ...display.env,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    KAZASU_GUARD_SOCKET: join(folder, 'nobody.sock'),
    KAZASU_SCREEN_DATA: join(folder, 'data'),
    ...more,
  });

  test('has every fuse as a release needs it; the stock one has not', async () => {
    const wire = await getCurrentFuseWire(release);
    const stands = (name: keyof typeof FuseV1Options): string => String.fromCharCode(Number(wire[FuseV1Options[name]]));
    const off = [
      ...(['RunAsNode', 'EnableNodeOptionsEnvironmentVariable', 'EnableNodeCliInspectArguments'] as const),
      // No cookie of the screen reaches the disk, and the key to encrypt one would be asked of a keyring at each start.
      'EnableCookieEncryption',
    ] as const;
    assert.deepEqual(off.map(stands), ['0', '0', '0', '0']);
    assert.deepEqual((['OnlyLoadAppFromAsar', 'EnableEmbeddedAsarIntegrityValidation'] as const).map(stands), [
      '1',
      '1',
    ]);
    assert.deepEqual(await listWrongFuses(release), []);
    assert.notDeepEqual(await listWrongFuses(stock), []);
  });

  test('does not run as Node', async () => {
    const hostile = { ELECTRON_RUN_AS_NODE: '1' };
    assert.match(
      (await runFor(stock, [script], environment(hostile), 5_000)).out,
      new RegExp(marker),
      'the stock one does',
    );
    // Node knows no flag of Chromium and would end at it: what must not run is tried without.
    for (const words of [[script], [...flags, script]]) {
      const { out } = await runFor(release, words, environment(hostile), 3_000);
      assert.doesNotMatch(out, new RegExp(marker));
    }
  });

  test('loads nothing that NODE_OPTIONS names', async () => {
    const { out } = await runFor(release, flags, environment({ NODE_OPTIONS: `--require=${script}` }), 4_000);
    assert.doesNotMatch(out, new RegExp(marker));
  });

  test('opens no inspector and no debugging port', async () => {
    for (const argument of ['--inspect=0', '--inspect-brk=0', '--remote-debugging-port=0', '--remote-debugging-pipe']) {
      const { out, code } = await runFor(release, [...flags, argument], environment(), 4_000);
      assert.doesNotMatch(out, /Debugger listening|DevTools listening/, argument);
      assert.equal(code, 64, `${argument} is refused as a wrong way to call it`);
    }
  });

  test('runs no other application than its own, wherever one lies', async () => {
    const other = join(dirname(release), 'resources', 'app');
    mkdirSync(other);
    writeFileSync(join(other, 'package.json'), '{"name":"other","main":"main.cjs"}');
    writeFileSync(join(other, 'main.cjs'), `process.stdout.write('${marker}');`);
    const archive = join(dirname(release), 'resources', 'app.asar');
    const run = async (...words: string[]): Promise<string> =>
      (await runFor(release, [...flags, ...words], environment(), 2_000)).out;
    assert.doesNotMatch(await run(other), new RegExp(marker));
    // Without its own there is nothing else that it takes.
    renameSync(archive, `${archive}.away`);
    assert.doesNotMatch(await run(), new RegExp(marker));
    renameSync(`${archive}.away`, archive);
    rmSync(other, { recursive: true });
  });

  test('runs by itself, and waits covered for its guard', async () => {
    const { signal, out } = await runFor(release, flags, environment(), 3_000);
    assert.equal(signal, 'SIGKILL', `it ended by itself: ${out}`);
  });

  test('tells each file that was changed, added or taken away since it was made', () => {
    const folder = dirname(release);
    const seal = sealOf(folder);
    assert.deepEqual(findAltered(folder, seal), []);
    const archive = join(folder, 'resources', 'app.asar');
    const list = join(folder, 'files.sha256');
    const kept = { archive: readFileSync(archive), list: readFileSync(list) };
    appendFileSync(archive, 'x');
    writeFileSync(join(folder, 'resources', 'more'), '');
    assert.deepEqual(findAltered(folder, seal), ['resources/app.asar', 'resources/more']);
    writeFileSync(list, `${kept.list}\n`);
    assert.deepEqual(
      findAltered(folder, seal),
      ['files.sha256'],
      'nor is the list to be believed that lies beside them',
    );
    writeFileSync(list, kept.list);
    writeFileSync(archive, kept.archive);
    rmSync(join(folder, 'resources', 'more'));
    rmSync(join(folder, 'version'));
    assert.deepEqual(findAltered(folder, seal), ['version']);
  });
});
