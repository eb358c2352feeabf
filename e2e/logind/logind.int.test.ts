import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildLogind } from '#setup/logind.ts';
import { createStops } from '#setup/stops.ts';
import { joinScreen } from '../guard/raw-screen.ts';
import { startGuard } from '../guard/ward.ts';
import { until } from '../world.ts';
import { openSystemBus, type Spoken, type SystemBus, speakTo } from './login1.ts';

const taken = 'inhibit sleep Kazasu delay';

describe('between guard and logind, on a real bus', { timeout: 120_000 }, () => {
  let folder = '';
  let stops = createStops();
  let bus: SystemBus;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kz-logind-'));
    stops = createStops();
    stops.add(() => rmSync(folder, { recursive: true, force: true }));
    bus = await openSystemBus(folder);
    stops.add(bus.stop);
  });
  afterEach(() => stops.stop());

  const joinBus = async (): Promise<Spoken> => {
    const program = speakTo(await buildLogind({ sanitized: true }), bus.env);
    stops.add(program.kill);
    return program;
  };

  test('a sleep is held up until the word comes that the screens are covered, and the next one again', async () => {
    const logind = await bus.startLogind();
    const program = await joinBus();
    await program.says('ready');
    await logind.says(taken);
    for (let sleep = 1; sleep <= 2; sleep += 1) {
      const before = logind.heard.length;
      logind.say('sleep');
      await program.says('sleep', program.heard.length);
      await delay(100);
      assert.equal(logind.heard.length, before, 'still held');
      program.say('covered');
      await logind.says('released', before);
      const woken = program.heard.length;
      logind.say('wake');
      await program.says('woke', woken);
      await logind.says(taken, before);
    }
  });

  test('lock and unlock of a session are passed on, and nothing of other interfaces', async () => {
    const logind = await bus.startLogind();
    const program = await joinBus();
    await program.says('ready');
    for (const word of ['stranger', 'lock', 'unlock']) logind.say(word);
    await program.says('unlock');
    assert.deepEqual(program.heard, ['ready', 'lock', 'unlock']);
  });

  test('it waits for a logind that is not there yet, and takes its inhibitor anew from one that was started again', async () => {
    const program = await joinBus();
    await program.says('absent');
    const first = await bus.startLogind();
    await program.says('ready');
    await first.says(taken);
    await first.kill();
    await program.says('absent', 2);
    const second = await bus.startLogind();
    await second.says(taken);
    second.say('lock');
    await program.says('lock');
  });

  test('a bus that ends is missed, and joined again when it is back', async () => {
    await bus.startLogind();
    const program = await joinBus();
    await program.says('ready');
    await bus.stop();
    await program.says('absent');
    bus = await openSystemBus(folder);
    stops.add(bus.stop);
    const logind = await bus.startLogind();
    await logind.says(taken);
    await program.says('ready', 2);
  });

  test('logind is told of the session that the seat shows whether it is locked, and again when anything was started anew', async () => {
    const logind = await bus.startLogind();
    const program = await joinBus();
    await program.says('ready');
    program.say('locked');
    await logind.says('hint 1 locked');
    program.say('open');
    await logind.says('hint 1 open');
    logind.say('next');
    await logind.says('hint 2 open');
    assert.deepEqual(logind.heard.slice(-2), ['hint 1 locked', 'hint 2 open'], 'what is not shown is not open');
    const before = logind.heard.length;
    logind.say('none');
    await logind.says('hint 2 locked', before);
    program.say('locked');
    program.say('open');
    const none = logind.heard.length;
    logind.say('next');
    await logind.says('hint 2 open', none);
    await logind.kill();
    const second = await bus.startLogind();
    await second.says('hint 1 open');
    // Nothing is open without a guard.
    await program.leave();
    await second.says('hint 1 locked');
  });

  test('signals that ask everybody to end leave it the last word, which a logind that hangs holds up for half a second', async () => {
    const logind = await bus.startLogind();
    const program = await joinBus();
    program.say('open');
    await logind.says('hint 1 open');
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) program.signal(name);
    await program.leave();
    await logind.says('hint 1 locked');

    const other = await joinBus();
    other.say('open');
    await logind.says('hint 1 open', logind.heard.length);
    logind.signal('SIGSTOP');
    const began = performance.now();
    await other.leave();
    const took = performance.now() - began;
    assert.ok(took > 400 && took < 1000, `it ended after ${took} ms; its guard waits a second`);
  });

  test('with its guard it ends and lets everything go', async () => {
    const logind = await bus.startLogind();
    const program = await joinBus();
    await logind.says(taken);
    program.say('x'.repeat(500));
    program.say('nonsense');
    await program.leave();
    await logind.says('released');
  });

  test('the guard covers before a sleep goes on, obeys a lock and ignores an unlock', async () => {
    const logind = await bus.startLogind();
    const guard = await startGuard('guard', join(folder, 'guard.log'), {
      ...bus.env,
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
      PCSCLITE_CSOCK_NAME: join(folder, 'none'),
      KAZASU_DATA: join(folder, 'guard'),
      KAZASU_SERVER: 'https://localhost:1',
      KAZASU_AUTHORITY: join(folder, 'none'),
      KAZASU_GUARD_SOCKET: join(folder, 'guard.sock'),
      KAZASU_LOGIND: await buildLogind(),
    });
    stops.add(guard.stop);
    const screen = await joinScreen(join(folder, 'guard.sock'), { covers: false });
    stops.add(screen.close);
    await logind.says(taken);
    const locks = () => [
      ...new Set(screen.heard.flatMap(({ message }) => (message.kind === 'cover' ? [message.lock] : []))),
    ];
    /** What is to be covered, when it is another lock than these. */
    const another = (known: readonly string[]) =>
      until('it is told to cover', () => locks().find((lock) => !known.includes(lock)));
    await another([]);

    const before = logind.heard.length;
    const known = locks();
    logind.say('sleep');
    const asleep = await another(known);
    for (const lock of known) screen.say({ kind: 'cover-state', lock, covered: true, displays: 1 });
    screen.say({ kind: 'cover-state', lock: asleep, covered: false, displays: 1 });
    await delay(150);
    assert.equal(logind.heard.length, before, 'neither an older cover nor half of one lets it go on');
    screen.say({ kind: 'cover-state', lock: asleep, covered: true, displays: 1 });
    await logind.says('released', before);

    const sleeping = locks();
    logind.say('unlock');
    logind.say('lock');
    await another(sleeping);
    assert.equal(screen.heard.filter(({ message }) => message.kind === 'lease').length, 0);
  });
});
