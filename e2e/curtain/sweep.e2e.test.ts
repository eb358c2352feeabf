import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { buildCurtain } from '#setup/curtain.ts';
import { run } from '#setup/run.ts';
import { until } from '../world.ts';
import { type CurtainWorld, createCurtainWorld } from './curtain-world.ts';
import type { Probe } from './probe.ts';

for (const windowManager of [true, false]) {
  describe(`the sweep of a desktop ${windowManager ? 'with' : 'without'} a window manager`, {
    timeout: 120_000,
  }, () => {
    let world: CurtainWorld;
    beforeEach(async () => {
      world = await createCurtainWorld({ windowManager });
      await world.opened();
    });
    afterEach(() => world.stop());

    /** Under the checks of memory and arithmetic; true where it says that all is done. */
    const sweep = async (...words: readonly string[]): Promise<boolean> => {
      const path = join(await buildCurtain({ sanitized: true }), 'sweep');
      const { ok, error } = await run(path, words, { env: { ...process.env, ...world.display.env } });
      assert.ok(!/ERROR|runtime error/.test(error), error);
      return ok;
    };
    const isSeen = (): boolean => world.watch.changes.at(-1)?.red === true;
    const seen = () => until('a window of theirs is seen', isSeen);
    const unseen = () => until('no window of theirs is seen', () => !isSeen());
    const holdsSelection = async (): Promise<boolean> => (await world.probe('pasted')).ready;

    test('what a person had is hidden from the next one and there again when they are back', async () => {
      assert.ok(await sweep('lock', 'hanako'));
      assert.ok(await sweep('unlock', 'ichiro', 'hide', '--before', 'hanako'));
      await unseen();
      await sweep('lock', 'ichiro');
      assert.ok(await sweep('unlock', 'hanako', 'hide', '--before', 'ichiro'));
      await seen();
      const before = (await world.victim.count()).keys;
      await run('xdotool', ['key', 'a'], { env: { ...process.env, ...world.display.env } });
      await until('it can be typed into', async () => (await world.victim.count()).keys > before);
    });

    if (windowManager)
      test('an iconified window is put away, too, and is there again when its person is back', async () => {
        await run('xdotool', ['windowminimize', '--sync', String(world.victim.window)], {
          env: { ...process.env, ...world.display.env },
        });
        await unseen();
        await sweep('lock', 'hanako');
        assert.ok(await sweep('unlock', 'ichiro', 'hide', '--before', 'hanako'), 'the window manager has let it go');
        await sweep('lock', 'ichiro');
        assert.ok(await sweep('unlock', 'hanako', 'hide', '--before', 'ichiro'));
        await seen();
      });

    test('the windows of others are ended with their clients where that is wanted', async () => {
      await sweep('lock', 'hanako');
      assert.ok(await sweep('unlock', 'ichiro', 'end', '--before', 'hanako'));
      await unseen();
      assert.ok(await sweep('unlock', 'hanako', 'end', '--before', 'ichiro'));
      assert.equal(isSeen(), false);
    });

    test('what was opened behind the cover is the last person’s, not the next one’s', async () => {
      await sweep('lock', 'hanako');
      await world.probe('victim');
      assert.ok(await sweep('unlock', 'ichiro', 'hide', '--before', 'hanako'));
      await unseen();
    });

    test('a menu goes with the window of its program', async () => {
      await world.probe('menu');
      await sweep('lock', 'hanako');
      assert.ok(await sweep('unlock', 'ichiro', 'hide', '--before', 'hanako'));
      await unseen();
    });

    test('what was there before anybody came, and what is spared, stays', async () => {
      assert.ok(await sweep('unlock', 'hanako', 'hide'));
      await sweep('lock', 'hanako');
      assert.ok(await sweep('unlock', 'ichiro', 'end', '--before', 'hanako'));
      assert.equal(isSeen(), true, 'the desktop’s own');
      await world.victim.stop();
      await unseen();
      await world.probe('victim');
      await seen();
      await sweep('lock', 'ichiro');
      assert.ok(await sweep('unlock', 'hanako', 'end', '--before', 'ichiro', '--spare', 'Victim'));
      assert.equal(isSeen(), true, 'spared by its class');
      assert.ok(await sweep('unlock', 'hanako', 'end', '--before', 'ichiro', '--spare', 'Vict'));
      await unseen();
    });

    test('a window that shows itself again and again is told of when hidden, and can be ended', async () => {
      const insisting: Probe = await world.probe('insist');
      await sweep('lock', 'hanako');
      assert.equal(await sweep('unlock', 'ichiro', 'hide', '--before', 'hanako'), false);
      assert.ok((await insisting.count()).acts > 20);
      assert.ok(await sweep('unlock', 'ichiro', 'end', '--before', 'hanako'));
      await unseen();
    });

    test('both selections are empty after a lock, unless they are to be kept', async () => {
      await world.probe('copy');
      assert.equal(await holdsSelection(), true);
      assert.ok(await sweep('lock', 'hanako', '--keep-clipboard'));
      assert.equal(await holdsSelection(), true);
      assert.ok(await sweep('lock', 'hanako'));
      assert.equal(await holdsSelection(), false);
    });

    for (const windows of ['hide', 'end'])
      test(`behind the cover it does the same and touches no curtain (${windows})`, async () => {
        const curtains = [await world.curtain(0), await world.curtain(1)];
        await world.covered();
        await sweep('lock', 'hanako');
        assert.ok(await sweep('unlock', 'ichiro', windows, '--before', 'hanako'));
        await world.guard.covered();
        assert.deepEqual([await world.curtain(0), await world.curtain(1)], curtains);
        const { red } = await world.watch.count();
        world.guard.open();
        const from = (await world.watch.count()).samples;
        await until('it was looked at', async () => (await world.watch.count()).samples > from + 300);
        assert.equal((await world.watch.count()).red, red);
      });

    test('without a display, and with words that it does not know, it says so', async () => {
      for (const words of [[], ['lock'], ['unlock', 'hanako'], ['unlock', 'hanako', 'burn'], ['lock', 'x'.repeat(65)]])
        assert.equal(await sweep(...words), false, words.join(' '));
      const path = join(await buildCurtain({ sanitized: true }), 'sweep');
      assert.equal((await run(path, ['lock', 'hanako'], { env: { DISPLAY: ':9999' } })).ok, false);
    });
  });
}
