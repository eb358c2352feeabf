import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '#e2e/world.ts';
import { type CurtainWorld, createCurtainWorld, findChild } from './curtain-world.ts';
import { buildProbe, monotonic } from './probe.ts';
import { isAlive } from './scripted-guard.ts';

describe('whatever dies or hangs, the desktop is never seen without a lease', { timeout: 180_000 }, () => {
  let world: CurtainWorld | undefined;
  afterEach(async () => {
    await world?.stop();
    world = undefined;
  });

  /** Kills what the turn says while somebody types; nothing of it may reach the victim or be seen. */
  const unseen = async (act: (world: CurtainWorld) => Promise<void>): Promise<{ typed: number; samples: number }> => {
    world = await createCurtainWorld();
    const hand = await world.probe('type', '500');
    const before = { watch: await world.watch.count(), victim: await world.victim.count() };
    await act(world);
    const after = { watch: await world.watch.count(), victim: await world.victim.count() };
    const { typed } = await hand.count();
    await hand.stop();
    const samples = after.watch.samples - before.watch.samples;
    assert.ok(typed > 100 && samples > 100, `${typed} keys and ${samples} samples are enough to see something`);
    assert.equal(after.watch.red - before.watch.red, 0, 'pixels of the victim');
    assert.equal(after.victim.buttons - before.victim.buttons, 0, 'clicks that reached the victim');
    assert.equal(after.victim.keys - before.victim.keys, 0, 'keys that reached the victim');
    return { typed, samples };
  };
  const another = (seat: 0 | 1, than: number): Promise<number> =>
    until('another curtain in its seat', async () => {
      const pid = await world?.curtain(seat);
      return pid !== than ? pid : undefined;
    });

  test('either curtain killed again and again while locked, and typed upon', async () => {
    await unseen(async (at) => {
      for (let turn = 0; turn < 40; turn += 1) {
        const seat = turn % 2 === 0 ? 0 : 1;
        const pid = await at.curtain(seat);
        process.kill(pid, 'SIGKILL');
        await another(seat, pid);
        await at.guard.covered();
      }
    });
  });

  test('the curtain that holds hangs: the other ends it and holds instead', async () => {
    await unseen(async (at) => {
      const pid = await at.curtain(0);
      // Their leader would end it at once.
      at.leader.kill('SIGSTOP');
      process.kill(pid, 'SIGSTOP');
      await until('it is ended', () => !isAlive(pid));
      await until('the other holds', () => at.guard.states().length === 1 && at.guard.states()[0]?.held);
      at.leader.kill('SIGCONT');
      await another(0, pid);
      await at.guard.covered();
    });
  });

  test('a curtain that is stopped is ended at once and made anew', async () => {
    await unseen(async (at) => {
      for (const seat of [0, 1] as const) {
        const pid = await at.curtain(seat);
        process.kill(pid, 'SIGSTOP');
        await another(seat, pid);
        await at.guard.covered();
        await delay(300);
      }
    });
  });

  test('the guard dies while open: covered within 50 ms; it hangs: covered within the lease', async () => {
    world = await createCurtainWorld();
    const deaths: number[] = [];
    // A machine that has other things to do may hold any process up: one of three must be as quick as it can be.
    while (deaths.length < 3 && !deaths.some((milliseconds) => milliseconds < 50)) {
      await world.opened();
      const died = monotonic();
      await world.guard.hangUp();
      await until('the victim is not seen', () => world?.watch.changes.at(-1)?.red === false);
      deaths.push((world.watch.changes.at(-1)?.at ?? 0) - died);
      await world.guard.listen();
      await world.guard.covered();
    }
    assert.ok(Math.min(...deaths) < 50 && Math.max(...deaths) < 1_000, `covered after ${deaths} ms`);
    await world.opened();
    const hung = monotonic();
    world.guard.freeze();
    await until('the victim is not seen', () => world?.watch.changes.at(-1)?.red === false);
    const after = (world.watch.changes.at(-1)?.at ?? 0) - hung;
    assert.ok(after > 1_000 && after < 2_050, `covered after ${after} ms`);
  });

  for (const sanitized of [false, true])
    test(`a guard whose memory takes long to take apart is covered before its sockets are closed${sanitized ? ' (sanitized)' : ''}`, async (context) => {
      world = await createCurtainWorld({ sanitized });
      const { guard, socket, watch } = world;
      const seenFor: number[] = [];
      for (let round = 0; round < 2; round += 1) {
        await guard.hangUp();
        const heavy = spawn(process.execPath, [join(import.meta.dirname, 'heavy-guard.ts'), socket, '250'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        await once(heavy.stdout, 'data');
        await until('the victim is seen', () => watch.changes.at(-1)?.red === true);
        const closed = await new Promise<number>((resolve) => {
          const own = connect(socket, () => heavy.kill('SIGKILL'));
          own.on('error', () => undefined).on('close', () => resolve(monotonic()));
        });
        await until('the victim is not seen', () => watch.changes.at(-1)?.red === false);
        seenFor.push((watch.changes.at(-1)?.at ?? 0) - closed);
        await guard.listen();
        await guard.covered();
      }
      context.diagnostic(`covered before the socket was closed: ${seenFor.map((each) => (-each).toFixed(0))} ms`);
      assert.ok(Math.min(...seenFor) < -20, `seen after the socket was closed for ${seenFor} ms`);
    });

  test('a curtain killed while open comes back beside the open desktop, and both cover in the end', async () => {
    world = await createCurtainWorld();
    await world.opened();
    const seen = world.watch.changes.length;
    for (const seat of [0, 1, 0] as const) {
      const pid = await world.curtain(seat);
      process.kill(pid, 'SIGKILL');
      await another(seat, pid);
      await until('both are connected', () => world?.guard.states().length === 2);
    }
    assert.equal(world.watch.changes.length, seen, 'the desktop stayed in sight');
    await world.covered();
  });

  for (const open of [false, true])
    test(`their leader killed while ${open ? 'open' : 'locked'}: the curtains cover, and no lease opens them any more`, async () => {
      world = await createCurtainWorld({ alone: true });
      const at = world;
      if (open) await at.opened();
      const pids = [await at.curtain(0), await at.curtain(1)];
      const killed = monotonic();
      process.kill(at.leaderPid() ?? 0, 'SIGKILL');
      await until('the victim is not seen', () => at.watch.changes.at(-1)?.red === false);
      const after = (at.watch.changes.at(-1)?.at ?? 0) - killed;
      assert.ok(after < 500, `covered after ${after} ms`);
      const { red } = await at.watch.count();
      at.guard.open();
      await delay(700);
      assert.equal((await at.watch.count()).red, red, 'leases open nothing');
      assert.ok(pids.every(isAlive));
    });

  for (const open of [false, true]) {
    test(`both curtains killed while ${open ? 'open' : 'locked'}: the session ends within 100 ms`, async () => {
      const took: number[] = [];
      // A machine that has other things to do may hold any process up: one of three must be as quick as it can be.
      while (took.length < 3 && !took.some((milliseconds) => milliseconds < 100)) {
        world = await createCurtainWorld();
        if (open) await world.opened();
        const pids = [await world.curtain(0), await world.curtain(1)];
        // Held still, so that it cannot have the successor of one cover before the other is dead.
        world.leader.kill('SIGSTOP');
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await until('both are dead', () => pids.every((pid) => !isAlive(pid)));
        const began = monotonic();
        world.leader.kill('SIGCONT');
        took.push((await world.displayGone(2_000)) - began);
        await world.stop();
      }
      assert.ok(Math.min(...took) < 100 && Math.max(...took) < 1_000, `the display was gone after ${took} ms`);
    });
  }

  test('both curtains hang while open: the session ends before anybody can use what the lease no longer allows', async () => {
    world = await createCurtainWorld();
    await world.opened();
    const pids = [await world.curtain(0), await world.curtain(1)];
    const began = monotonic();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const gone = await world.displayGone(5_000);
    assert.ok(gone - began < 2_500, `the display was gone after ${gone - began} ms`);
  });
});

describe('a screen that cannot be started', { timeout: 60_000 }, () => {
  /** Of the letters that the curtain draws by itself. */
  const white = 'f2f6fa';

  test('leaves what the curtain has drawn by itself in sight, and is tried later and later', async () => {
    const world = await createCurtainWorld({ screen: ['false'] });
    try {
      await until('the private display and the painter run', () => {
        const runs = (name: string) => findChild(world.leader.pid(), ({ program }) => program === name);
        return runs('Xvfb') && runs('painter');
      });
      const ends = (): number => readFileSync(world.log, 'utf8').split('screen ended').length - 1;
      await until('it was tried again and again', () => ends() >= 5);
      const [tried, began] = [ends(), performance.now()];
      for (let look = 0; look < 20; look += 1) {
        const eye = await world.probe('find', white);
        await eye.stop();
        assert.ok(eye.ready, 'clock, name and helpdesk are to be read');
        await delay(50);
      }
      const pause = (performance.now() - began) / Math.max(1, ends() - tried);
      assert.ok(pause > 150, `a pause of ${pause} ms`);
      assert.equal(world.watch.changes.at(-1)?.red, false);
    } finally {
      await world.stop();
    }
  });
});

describe('the surroundings of a screen', { timeout: 60_000 }, () => {
  test('is started without the input methods of the session', async () => {
    const world = await createCurtainWorld({
      screen: ['sh', '-c', 'env > "$(dirname "$XAUTHORITY")/environment"; exec sleep 60'],
      env: { GTK_IM_MODULE: 'fcitx', XMODIFIERS: '@im=fcitx' },
    });
    try {
      const path = join(dirname(world.log), 'environment');
      const given = await until('it has started', () => existsSync(path) && readFileSync(path, 'utf8'));
      assert.doesNotMatch(given, /fcitx/);
    } finally {
      await world.stop();
    }
  });

  test('with its X server everything of the session ends', async () => {
    const world = await createCurtainWorld({ screen: [await buildProbe(), 'screen', '43d6c5'] });
    try {
      const find = (name: string) => () => findChild(world.leader.pid(), ({ program }) => program.startsWith(name));
      const pids = [await world.curtain(0), await world.curtain(1)];
      for (const name of ['painter', 'Xvfb', 'probe-']) pids.push(await until(name, find(name)));
      await world.display.stop();
      await until('all have ended', () => world.leader.pid() === undefined && !pids.some(isAlive));
    } finally {
      await world.stop();
    }
  });
});

describe('a screen on the curtain', { timeout: 60_000 }, () => {
  const colour = '43d6c5';

  test('that moves without end is painted without end, and its painter does not count as hung', async () => {
    const world = await createCurtainWorld({ screen: [await buildProbe(), 'flicker', colour] });
    try {
      const glass = await world.probe('watch', '640', '400', colour);
      await until('it is seen to move', () => glass.changes.length > 20, 10_000);
      await delay(4_000);
      const seen = glass.changes.length;
      await until('it still moves', () => glass.changes.length > seen + 20);
      assert.doesNotMatch(readFileSync(world.log, 'utf8'), /painter hangs/);
    } finally {
      await world.stop();
    }
  });

  test('is seen again at once, whichever curtain has been killed, again and again', async () => {
    const world = await createCurtainWorld({ screen: [await buildProbe(), 'screen', colour] });
    try {
      const glass = await world.probe('watch', '640', '400', colour);
      const isSeen = () => glass.changes.at(-1)?.red === true;
      await until('the screen is seen', isSeen);
      for (let turn = 0; turn < 6; turn += 1) {
        const seat = turn % 2 === 0 ? 0 : 1;
        const pid = await world.curtain(seat);
        process.kill(pid, 'SIGKILL');
        await until('another curtain', async () => (await world.curtain(seat)) !== pid);
        await world.guard.covered();
        await delay(150);
        await until(`the screen is seen after the curtain in seat ${seat}, turn ${turn}`, isSeen, 1_000);
      }
    } finally {
      await world.stop();
    }
  });
});

describe('the X session of a terminal', { timeout: 60_000 }, () => {
  test('its desktop begins behind a closed curtain and is seen only under a lease', async () => {
    const world = await createCurtainWorld({ session: true });
    try {
      assert.equal((await world.watch.count()).red, 0, 'never seen so far');
      const began = await until('the desktop has started', () => world.desktop());
      await world.opened();
      await world.covered();
      process.kill(began, 'SIGKILL');
      const next = await until('another desktop', async () =>
        (await world.desktop()) === began ? null : world.desktop(),
      );
      assert.notEqual(next, began);
      await world.guard.covered();
    } finally {
      await world.stop();
    }
  });
});
