import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createScriptedGuard, type ScriptedGuard } from '#e2e/agent/scripted-guard.ts';
import { createCurtainWorld } from '#e2e/curtain/curtain-world.ts';
import { until } from '#e2e/world.ts';
import { buildCurtain } from '#setup/curtain.ts';
import { type Display, openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { root } from '#setup/paths.ts';
import { makeReleaseElectron, sealOf } from '#setup/release-electron.ts';
import { run } from '#setup/run.ts';

/** How the program refuses a word, and how it is refused itself. */
const started = 64;
const altered = 78;
/** The stripe at the top of the lock screen, whatever colour it has: the curtain itself is of one. */
const stripe = ['640', '3', '!08192b'] as const;

/** Changes one byte in the middle of a file. Returns how it is put back. */
function flipByte(path: string): () => void {
  const place = Math.floor(statSync(path).size / 2);
  const flip = (): void => {
    const file = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, place);
    writeSync(file, Buffer.from([byte.readUInt8() ^ 1]), 0, 1, place);
    // A program that is open for writing cannot be started.
    closeSync(file);
  };
  flip();
  return flip;
}

describe('a release starts as it was made or not at all', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kazasu-sealed-'));
  const { path: stock, flags } = findElectron();
  const socket = join(folder, 'guard.sock');
  let guard: ScriptedGuard;
  let display: Display;
  let sealed: string;
  let release: string;
  let seal: string;
  let from: number;

  before(async () => {
    guard = await createScriptedGuard(socket);
    display = await openDisplay({ folder: join(folder, 'display'), virtual: true, windowManager: false });
    sealed = join(await buildCurtain(), 'sealed');
    release = await makeReleaseElectron(stock, join(root, 'dist', 'release', 'screen'), join(folder, 'release'));
    symlinkSync('version', join(dirname(release), 'link'));
    // The list as whoever packages it makes it, of links, too.
    release = await makeReleaseElectron(release, join(root, 'dist', 'release', 'screen'), join(folder, 'packaged'));
    seal = sealOf(dirname(release));
  });
  after(async () => {
    await guard?.stop();
    await display?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    from = guard.received.length;
  });

  /** With a word that the program refuses, so that it ends by itself when it is started. */
  const start = (program = release, under = seal): Promise<{ code: number | null; said: string }> =>
    new Promise((resolve) => {
      const child = spawn(sealed, [under, program, ...flags, '--foreign'], {
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
          ...display.env,
          KAZASU_GUARD_SOCKET: socket,
          KAZASU_SCREEN_DATA: join(folder, 'data'),
        },
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk;
        });
      child.on('close', (code) => resolve({ code, said }));
    });
  const heard = () => guard.received.slice(from).filter(({ kind }) => kind === 'altered');

  test('as it was made it is started, with its own words', async () => {
    const { code, said } = await start();
    assert.equal(code, started, said);
    assert.match(said, /argument not allowed: --foreign/);
    assert.deepEqual(heard(), []);
  });

  const changes: Readonly<Record<string, { first: string; do: (at: string) => () => void }>> = {
    'one byte of the program': { first: 'electron', do: (at) => flipByte(join(at, 'electron')) },
    'one byte of the application': {
      first: 'resources/app.asar',
      do: (at) => flipByte(join(at, 'resources/app.asar')),
    },
    'a file more': {
      first: 'libmore.so',
      do(at) {
        writeFileSync(join(at, 'libmore.so'), '');
        return () => rmSync(join(at, 'libmore.so'));
      },
    },
    'a file less': {
      first: 'icudtl.dat',
      do(at) {
        renameSync(join(at, 'icudtl.dat'), join(folder, 'away'));
        return () => renameSync(join(folder, 'away'), join(at, 'icudtl.dat'));
      },
    },
    'a link in the place of a file': {
      first: 'icudtl.dat',
      do(at) {
        renameSync(join(at, 'icudtl.dat'), join(folder, 'away'));
        symlinkSync(join(folder, 'away'), join(at, 'icudtl.dat'));
        return () => renameSync(join(folder, 'away'), join(at, 'icudtl.dat'));
      },
    },
    'a pipe in the place of a file': {
      first: 'icudtl.dat',
      do(at) {
        renameSync(join(at, 'icudtl.dat'), join(folder, 'away'));
        execFileSync('mkfifo', [join(at, 'icudtl.dat')]);
        return () => renameSync(join(folder, 'away'), join(at, 'icudtl.dat'));
      },
    },
    'a link that leads elsewhere': {
      first: 'link',
      do(at) {
        const led = readlinkSync(join(at, 'link'));
        rmSync(join(at, 'link'));
        symlinkSync('LICENSE', join(at, 'link'));
        return () => {
          rmSync(join(at, 'link'));
          symlinkSync(led, join(at, 'link'));
        };
      },
    },
    'a file and the list with it': {
      first: 'files.sha256',
      do(at) {
        const list = readFileSync(join(at, 'files.sha256'));
        writeFileSync(join(at, 'files.sha256'), `${list}${'0'.repeat(64)}  libmore.so\n`);
        return () => writeFileSync(join(at, 'files.sha256'), list);
      },
    },
  };
  for (const [name, change] of Object.entries(changes))
    test(`${name}: it is not started, and the guard is told`, async () => {
      const putBack = change.do(dirname(release));
      const { code, said } = await start();
      putBack();
      assert.equal(code, altered, said);
      assert.equal(said, `sealed: altered: ${change.first}\n`);
      assert.deepEqual(heard(), [{ kind: 'altered', first: change.first, count: 1 }]);
      const again = await start();
      assert.equal(again.code, started, again.said);
    });

  test('a folder that is reached by a link is started as it was made, and not otherwise', async () => {
    const current = join(folder, 'current');
    symlinkSync(dirname(release), current);
    const linked = join(current, 'electron');
    const whole = await start(linked);
    assert.equal(whole.code, started, whole.said);
    const putBack = flipByte(join(dirname(release), 'resources', 'app.asar'));
    const { code, said } = await start(linked);
    putBack();
    assert.deepEqual([code, said], [altered, 'sealed: altered: resources/app.asar\n']);
  });

  test('a name that would write a line of its own into the log does not', async () => {
    const name = join(dirname(release), 'x\nsealed: all is well\u001b[2J');
    writeFileSync(name, '');
    const { code, said } = await start();
    rmSync(name);
    assert.deepEqual([code, said], [altered, 'sealed: altered: x?sealed: all is well?[2J\n']);
  });

  test('under the seal of another release, or without a list, it is not started', async () => {
    assert.equal((await start(release, '0'.repeat(64))).code, altered);
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    cpSync('/bin/true', join(bare, 'electron'));
    assert.equal((await start(join(bare, 'electron'))).code, altered);
  });

  test('the session of a terminal starts its screen under the seal that its settings name', async () => {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'leader'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const begin = async (more: NodeJS.ProcessEnv): Promise<string[]> => {
      const { out } = await run(join(root, 'native', 'curtain', 'session', 'start'), [], {
        env: {
          PATH: process.env['PATH'],
          KAZASU_CURTAIN: programs,
          KAZASU_CURTAIN_SOCKET: '/run/curtain.sock',
          KAZASU_GUARD_USER: '1',
          KAZASU_DESKTOP: '/usr/bin/desktop',
          KAZASU_SESSION_FOLDER: '/run/session',
          KAZASU_SCREEN: '/opt/screen/electron --disable-gpu',
          ...more,
        },
      });
      return out.trim().split('\n').slice(-5);
    };
    const screen = ['/run/session', '/opt/screen/electron', '--disable-gpu'];
    assert.deepEqual((await begin({})).slice(-3), screen);
    assert.deepEqual(await begin({ KAZASU_SCREEN_SEAL: seal }), [
      screen[0],
      join(programs, 'sealed'),
      seal,
      ...screen.slice(1),
    ]);
  });

  test('under the curtain one byte leaves what the curtain itself draws; put back, the screen comes by itself', async () => {
    const putBack = flipByte(join(dirname(release), 'resources', 'app.asar'));
    const screen = [
      ...['env', `KAZASU_GUARD_SOCKET=${socket}`, `KAZASU_SCREEN_DATA=${join(folder, 'data')}`],
      ...['DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent', sealed, seal, release, ...flags],
    ];
    const world = await createCurtainWorld({ screen });
    try {
      const glass = await world.probe('watch', ...stripe);
      await until('it was tried more than once', () => heard().length >= 3, 30_000);
      assert.match(
        readFileSync(world.log, 'utf8'),
        /sealed: altered: resources\/app\.asar\n[\s\S]*screen ended: code 78/,
      );
      assert.equal((await glass.count()).red, 0, 'nothing was seen but the curtain');
      assert.ok(!guard.received.slice(from).some(({ kind }) => kind === 'hello'), 'nothing joined the guard');
      putBack();
      await guard.waitFor(({ kind }) => kind === 'hello', { from, within: 30_000 });
      guard.cover();
      guard.show({ picture: { kind: 'ready' } });
      await until('the lock screen is seen', () => glass.changes.at(-1)?.red === true, 30_000);
    } finally {
      await world.stop();
    }
  });
});
