import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createScriptedGuard } from '#e2e/agent/scripted-guard.ts';
import { until } from '#e2e/world.ts';
import { openDisplay } from '#setup/display.ts';
import { findElectron } from '#setup/electron.ts';
import { screenFolder } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { createCurtainWorld } from './curtain-world.ts';

/** The badge in the corner of an open desktop, in pixels of a page (`electron/main/windows.ts`). */
const badge = { width: 440, height: 92, margin: 16 };
/** What stands in the middle before an idle terminal locks. */
const warning = { width: 660, height: 400 };
const picture = {
  kind: 'open',
  greet: '佐藤 花子',
  number: 'N-1',
  endsAt: Date.now() + 3_600_000,
  mayOpenConsole: false,
};

/** Where to look for the red window behind. */
const at = (x: number, y: number): string[] => [String(Math.round(x)), String(y), 'ff0000'];

describe('a display whose letters are larger', { timeout: 120_000 }, () => {
  let stops = createStops();
  beforeEach(() => {
    stops = createStops();
  });
  afterEach(() => stops.stop());

  for (const { resources, size, scale } of [
    { resources: 'Xft.dpi: 192', size: '2560x1600x24', scale: 2 },
    { resources: 'Xft.dpi: 144', size: '1920x1200x24', scale: 1.5 },
    { resources: 'XTerm.Xft.dpi: 192', size: '1280x800x24', scale: 1 },
    // No room for so large letters.
    { resources: 'Xft.dpi: 192', size: '1366x768x24', scale: 1.06 },
  ])
    test(`${resources} at ${size}: the lock screen covers the curtain, and what lies on the desktop is ${scale} times as large`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kazasu-scale-'));
      stops.add(() => rmSync(folder, { recursive: true, force: true }));
      const socket = join(folder, 'guard.sock');
      const guard = await createScriptedGuard(socket);
      stops.add(guard.stop);
      const { path, flags } = findElectron();
      const screen = [
        ...['env', `KAZASU_GUARD_SOCKET=${socket}`, `KAZASU_SCREEN_DATA=${join(folder, 'data')}`, `HOME=${folder}`],
        ...['DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent', path, ...flags, screenFolder],
      ];
      const world = await createCurtainWorld({
        screen,
        async openDisplay(within) {
          const display = await openDisplay({ folder: join(within, 'display'), virtual: true, size });
          const set = spawnSync('xrdb', ['-merge', '-nocpp'], {
            input: `${resources}\n`,
            env: { ...process.env, ...display.env },
          });
          assert.equal(set.status, 0, String(set.stderr));
          return display;
        },
      });
      stops.add(world.stop);
      const [width = 0, height = 0] = size.split('x').map(Number);
      await guard.connected();
      guard.cover();
      const number = guard.show({ picture: { kind: 'ready' } });
      await guard.waitFor((line) => line.kind === 'painted' && line['number'] === number);
      const glass = await world.probe('watch', String(width / 2), '3', '!08192b');
      await until('the lock screen is seen on the curtain', () => glass.changes.at(-1)?.red === true, 20_000);

      const row = Math.round(height - (badge.margin + badge.height / 2) * scale);
      const edge = width - (badge.margin + badge.width) * scale;
      const [beside, within] = [
        await world.probe('watch', ...at(edge - 6, row)),
        await world.probe('watch', ...at(edge + 6, row)),
      ];
      stops.add(guard.keepOpen());
      guard.show({ picture });
      await world.opened();
      await until('the badge lies on the desktop', () => within.changes.at(-1)?.red === false, 20_000);
      assert.equal(beside.changes.at(-1)?.red, true, 'and ends where it should');

      const left = (width - warning.width * scale) / 2;
      const top = (height - warning.height * scale) / 2;
      const looks = (x: number, y: number) => world.probe('watch', ...at(x, y));
      const ends = [
        await Promise.all([looks(width / 2, top - 6), looks(width / 2, top + 8)]),
        await Promise.all([looks(width / 2, height - top + 6), looks(width / 2, height - top - 8)]),
        await Promise.all([looks(left - 6, height / 2), looks(left + 8, height / 2)]),
        await Promise.all([looks(width - left + 6, height / 2), looks(width - left - 8, height / 2)]),
      ];
      guard.show({ picture: { ...picture, locksAt: Date.now() + 30_000 } });
      await until('the whole warning is in sight', () =>
        ends.every(([, inside]) => inside.changes.at(-1)?.red === false),
      );
      for (const [outside] of ends) assert.equal(outside.changes.at(-1)?.red, true, 'and nothing beside it');
    });
});
