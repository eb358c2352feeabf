import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '#e2e/world.ts';
import { run } from '#setup/run.ts';
import { type CurtainWorld, createCurtainWorld } from './curtain-world.ts';
import { monotonic, type Probe } from './probe.ts';

/** Attacks on a covered screen by hands and by programs of the same X session; each must end covered and unread. */
describe('what a covered screen lets through', { timeout: 180_000 }, () => {
  let world: CurtainWorld;
  let hand: Probe;
  let began: { keys: number; buttons: number; red: number; typed: number };
  const probes: Probe[] = [];

  before(async () => {
    world = await createCurtainWorld();
  });
  after(() => world?.stop());
  beforeEach(async () => {
    await world.covered();
    hand = await world.probe('type', '300');
    const { keys, buttons } = await world.victim.count();
    began = { keys, buttons, red: (await world.watch.count()).red, typed: 0 };
  });
  afterEach(async () => {
    await hand.stop();
    await Promise.all(probes.splice(0).map((probe) => probe.stop()));
  });

  const xdotool = (...words: readonly string[]) =>
    run('xdotool', words, { env: { ...process.env, ...world.display.env } });
  const attack = async (...words: readonly string[]): Promise<Probe> => {
    const probe = await world.probe(...words);
    probes.push(probe);
    return probe;
  };
  /** Lets somebody type on for a while, and then nothing of it may have come through. */
  const nothingCameThrough = async (within = 400): Promise<void> => {
    await delay(within);
    const { typed } = await hand.count();
    assert.ok(typed > 20, 'somebody typed');
    const { keys, buttons } = await world.victim.count();
    const { red } = await world.watch.count();
    assert.deepEqual(
      { keys: keys - began.keys, buttons: buttons - began.buttons, red: red - began.red },
      { keys: 0, buttons: 0, red: 0 },
    );
    await world.guard.covered();
  };

  test('the probes see and hear what is open: without that the rest proves nothing', async () => {
    await world.opened();
    await xdotool('windowfocus', '--sync', String(world.victim.window));
    await until('keys arrive', async () => (await world.victim.count()).keys > began.keys + 10);
    assert.ok((await world.watch.count()).red > began.red);
    await world.covered();
  });

  const shortcuts = [
    ...['alt+Tab', 'alt+shift+Tab', 'alt+Escape', 'super+d', 'super+e', 'alt+space', 'ctrl+alt+Left', 'super+F2'],
    ...['alt+F4', 'ctrl+w', 'ctrl+q', 'ctrl+r', 'XF86ClearGrab', 'XF86Ungrab', 'ctrl+alt+KP_Multiply'],
    ...['ctrl+alt+KP_Divide', 'Print', 'ctrl+shift+i', 'F12', 'F11', 'F1', 'Menu', 'shift+F10', 'ctrl+p', 'ctrl+plus'],
    ...['ctrl+alt+BackSpace', 'ctrl+alt+F2', 'ctrl+alt+l'],
  ];
  test(`${shortcuts.length} shortcuts of window managers, browsers and servers`, async () => {
    for (const shortcut of shortcuts) await xdotool('key', shortcut);
    for (let press = 0; press < 5; press += 1) await xdotool('key', 'Shift_L');
    await nothingCameThrough();
  });

  test('nothing starts that others have bound to keys', async () => {
    // Super+F9, which the window manager leaves to others.
    const binds = await attack('binds', '75', '64');
    assert.equal(binds.ready, true);
    await world.opened();
    await until('it starts while open', async () => {
      await xdotool('key', 'super+F9');
      return (await binds.count()).keys > 0;
    });
    await world.covered();
    const { keys } = await binds.count();
    for (let press = 0; press < 5; press += 1) await xdotool('key', 'super+F9');
    await delay(200);
    assert.equal((await binds.count()).keys, keys);
  });

  test('the desktop shown, another workspace, a window activated by the protocol of window managers', async () => {
    await xdotool('key', 'super+d');
    await xdotool('set_desktop', '1');
    await xdotool('set_desktop', '0');
    await xdotool('windowactivate', String(world.victim.window));
    await xdotool('windowraise', String(world.victim.window));
    for (const shown of ['1', '0']) {
      await attack('ask', '_NET_SHOWING_DESKTOP', shown);
      await nothingCameThrough();
    }
  });

  test('another client that takes the focus a thousand times a second', async () => {
    await attack('steal', String(world.victim.window));
    await nothingCameThrough();
  });

  test('new windows, managed and not, over everything', async () => {
    await attack('victim');
    const popup = await attack('popup');
    assert.equal((await popup.count()).keys, 0);
    await nothingCameThrough();
    assert.equal((await popup.count()).keys, 0);
  });

  test('clicks, drags and wheel everywhere', async () => {
    for (const [x, y] of [
      [0, 0],
      [1_279, 0],
      [0, 799],
      [1_279, 799],
      [640, 400],
    ] as const) {
      await xdotool('mousemove', String(x), String(y), 'click', '1', 'click', '2', 'click', '3', 'click', '4');
      await xdotool('mousedown', '1', 'mousemove', '640', '400', 'mouseup', '1');
    }
    await nothingCameThrough();
  });

  test('somebody hides every window of the session again and again', async () => {
    const hider = await attack('unmap');
    await delay(300);
    assert.ok((await hider.count()).acts > 50);
    await hider.stop();
    await nothingCameThrough();
  });

  test('every other client is ended by a name that somebody guesses, one after the other', async () => {
    const before = [await world.curtain(0), await world.curtain(1)];
    const guesser = await attack('guess', String(world.victim.window));
    await until('it has tried', async () => (await guesser.count()).acts > 20, 20_000);
    await guesser.stop();
    const after = [await world.curtain(0), await world.curtain(1)];
    assert.ok(
      before.every((pid) => !after.includes(pid)),
      'both curtains were reached',
    );
    await nothingCameThrough();
  });

  test('the window manager killed and started again, signals that ask to end', async () => {
    await run('sh', ['-c', `DISPLAY=${world.display.env.DISPLAY} openbox --exit`], {
      env: { ...process.env, ...world.display.env },
    });
    for (const seat of [0, 1] as const) {
      const pid = await world.curtain(seat);
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGPIPE'] as const)
        process.kill(pid, signal);
      await delay(50);
      assert.equal(await world.curtain(seat), pid, 'still the same');
    }
    await nothingCameThrough();
  });

  test('a key held down, and far more keys than anybody reads', async () => {
    await xdotool('keydown', 'Return');
    const flood = await attack('type', '5000');
    await delay(700);
    assert.ok((await flood.count()).typed > 500);
    await xdotool('keyup', 'Return');
    await nothingCameThrough();
  });

  test('the size of the display changed, smaller and back', async () => {
    for (const [width, height] of [
      ['1024', '768'],
      ['800', '600'],
      ['1280', '800'],
    ] as const) {
      const before = world.guard.received.length;
      const probe = await attack('resize', width, height);
      assert.equal(probe.ready, true);
      await nothingCameThrough(300);
      assert.ok(world.guard.received.length >= before);
    }
  });
});

describe('an open desktop whose keyboard and pointer somebody holds', { timeout: 60_000 }, () => {
  let world: CurtainWorld;
  afterEach(() => world?.stop());

  for (const grabber of ['grab', 'grab-bare'] as const) {
    test(`is covered at once and held within two seconds, without harm to others (${grabber})`, async () => {
      world = await createCurtainWorld();
      await world.opened();
      const holds = await world.probe(grabber);
      assert.equal(holds.ready, true);
      const asked = monotonic();
      world.guard.cover();
      await until('the victim is not seen', () => world.watch.changes.at(-1)?.red === false);
      assert.ok((world.watch.changes.at(-1)?.at ?? 0) - asked < 150, 'covered at once, whoever holds the keyboard');
      await world.guard.covered(2_500);
      await holds.stop();
      await world.opened();
      assert.equal(world.leader.restarts(), 0);
    });
  }

  test('ends with the session where nothing can end the grab', async () => {
    world = await createCurtainWorld();
    await world.opened();
    assert.equal((await world.probe('grab-nameless')).ready, true);
    const asked = monotonic();
    world.guard.cover();
    assert.ok((await world.displayGone(5_000)) - asked < 2_500);
  });
});
