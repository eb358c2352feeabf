import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { until } from '#e2e/world.ts';
import { run } from '#setup/run.ts';
import { type CurtainWorld, createCurtainWorld } from './curtain-world.ts';
import { openPluggable, openTurnable, openTwoScreens } from './heads.ts';
import { buildProbe, startProbe } from './probe.ts';

describe('heads that are plugged, unplugged and turned', { timeout: 180_000 }, () => {
  let world: CurtainWorld | undefined;
  afterEach(async () => {
    await world?.stop();
    world = undefined;
  });

  const displays = (at: CurtainWorld, count: number): Promise<unknown> =>
    until(
      `both curtains cover ${count} displays`,
      () => at.guard.states().length === 2 && at.guard.states().every((state) => state?.displays === count),
    );
  /** Nothing of it may reach the victim or be seen while somebody types. */
  const unseen = async (at: CurtainWorld, act: () => Promise<void>): Promise<void> => {
    const hand = await at.probe('type', '500');
    const before = { watch: await at.watch.count(), victim: await at.victim.count() };
    await act();
    const after = { watch: await at.watch.count(), victim: await at.victim.count() };
    const { typed } = await hand.count();
    await hand.stop();
    assert.ok(typed > 100 && after.watch.samples - before.watch.samples > 100, 'enough to see something');
    const came = (name: 'red' | 'keys' | 'buttons', from: 'watch' | 'victim') => after[from][name] - before[from][name];
    assert.deepEqual([came('red', 'watch'), came('keys', 'victim'), came('buttons', 'victim')], [0, 0, 0]);
  };
  /** The share of looks at every corner that saw the victim. */
  const share = async (at: CurtainWorld): Promise<number> => {
    const before = await at.watch.count();
    const after = await until('it was looked at', async () => {
      const now = await at.watch.count();
      return now.samples > before.samples + 150 ? now : null;
    });
    return (after.red - before.red) / (after.samples - before.samples);
  };

  test('a second one is covered as it comes and goes, while locked and while open', async () => {
    let heads: Awaited<ReturnType<typeof openPluggable>> | undefined;
    world = await createCurtainWorld({
      openDisplay: async (folder) => {
        heads = await openPluggable(join(folder, 'heads'));
        return heads;
      },
    });
    const at = world;
    assert.ok(heads);
    const { plug, unplug } = heads;
    await unseen(at, async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        await plug();
        await displays(at, 2);
        await at.guard.covered();
        await unplug();
        await displays(at, 1);
        await at.guard.covered();
      }
    });
    await plug();
    await displays(at, 2);
    // Over both, as no window of a window manager lies.
    await at.probe('popup');
    at.guard.open();
    await until('both heads show it', async () => (await share(at)) === 1);
    at.guard.cover();
    await at.guard.covered();
    assert.equal(await share(at), 0, 'neither head shows it');
    at.guard.open();
    await until('both heads show it', async () => (await share(at)) === 1);
    await unplug();
    await plug();
    await displays(at, 2);
    at.guard.cover();
    await at.guard.covered();
    assert.equal(await share(at), 0, 'nor one that came while it was open');
  });

  test('the one with the lock screen goes, then every one, and comes back, twenty times; the display blanked and back', async () => {
    let heads: Awaited<ReturnType<typeof openPluggable>> | undefined;
    world = await createCurtainWorld({
      screen: [await buildProbe(), 'screen', '43d6c5'],
      openDisplay: async (folder) => {
        heads = await openPluggable(join(folder, 'heads'));
        return heads;
      },
    });
    const at = world;
    assert.ok(heads);
    const { plug, xrandr, log, env } = heads;
    const curtains = [await at.curtain(0), await at.curtain(1)];
    await unseen(at, async () => {
      for (let turn = 0; turn < 20; turn += 1) {
        await plug();
        await displays(at, 2);
        await xrandr('--output', 'DUMMY0', '--off');
        await displays(at, 1);
        await at.guard.covered();
        await xrandr('--output', 'DUMMY1', '--off');
        await at.guard.covered();
        await xrandr('--output', 'DUMMY0', '--mode', '1280x800', '--pos', '0x0', '--fb', '1280x800');
        await at.guard.covered();
      }
      for (const act of ['activate', 'reset', 'activate', 'reset'])
        assert.ok((await run('xset', ['s', act], { env: { ...process.env, ...env } })).ok, act);
      await at.guard.covered();
    });
    assert.deepEqual([await at.curtain(0), await at.curtain(1)], curtains, 'the same two');
    const glass = await at.probe('watch', '640', '400', '43d6c5');
    await until('the screen lies on the head that is there', () => glass.changes.at(-1)?.red, 10_000);
    await at.opened();
    await at.covered();
    // No key leaves or ends the server, and it never goes dark by itself.
    for (const option of ['DontVTSwitch', 'DontZap'])
      assert.match(readFileSync(log, 'utf8'), new RegExp(`Option "${option}" "on"`));
    const { out } = await run('xset', ['q'], { env: { ...process.env, ...env } });
    assert.match(out, /timeout: {2}0 /);
  });

  test('a second X screen is covered with the first', async () => {
    let beside: NodeJS.ProcessEnv = {};
    world = await createCurtainWorld({
      openDisplay: async (folder) => {
        const display = await openTwoScreens(join(folder, 'heads'));
        beside = { ...display.env, DISPLAY: `${display.env.DISPLAY}.1` };
        return display;
      },
    });
    const at = world;
    const [victim, watch] = [await startProbe(beside, 'victim'), await startProbe(beside, 'watch')];
    try {
      await unseen(at, async () => {
        await until('it was looked at', async () => (await watch.count()).samples > 200);
        const { red } = await watch.count();
        assert.equal(red, 0);
      });
      await at.opened();
      await until('the other one is open, too', () => watch.changes.at(-1)?.red);
      await at.covered();
      await until('and covered', () => watch.changes.at(-1)?.red === false);
      assert.equal((await victim.count()).keys, 0);
    } finally {
      await Promise.all([victim.stop(), watch.stop()]);
    }
  });

  test('one is turned round while locked: covered in every position, and opened in each', async () => {
    let turn: (way: string) => Promise<void> = async () => undefined;
    world = await createCurtainWorld({
      openDisplay: async (folder) => {
        const heads = await openTurnable(join(folder, 'heads'));
        turn = (way) => heads.xrandr('-o', way);
        return heads;
      },
    });
    const at = world;
    await unseen(at, async () => {
      for (const way of ['left', 'inverted', 'right', 'normal', 'left']) {
        await turn(way);
        await at.guard.covered();
        assert.equal(await share(at), 0, way);
      }
    });
    await at.probe('popup');
    await at.opened();
    await turn('normal');
    await at.covered();
    assert.equal(await share(at), 0);
  });
});
