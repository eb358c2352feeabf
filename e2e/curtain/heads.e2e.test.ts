import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { until } from '#e2e/world.ts';
import { type CurtainWorld, createCurtainWorld } from './curtain-world.ts';
import { openPluggable, openTurnable } from './heads.ts';

describe('heads that are plugged, unplugged and turned', { timeout: 120_000 }, () => {
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
