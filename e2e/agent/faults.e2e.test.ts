import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { createWorld, lifted, type Terminal, until, type World } from '#e2e/world.ts';

describe('whatever dies comes back, locked', { timeout: 300_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  const card = iso14443a('04A1B2C3D4E580');
  const pin = '73019462';

  before(async () => {
    // With nobody to go on without it, a server that is gone is a fault of its own.
    world = await createWorld({ env: { KAZASU_POLICY: '{"offline":{"hours":0}}' } });
    terminal = await world.addTerminal('3東-NS-02');
    hanako = await world.addPerson({ number: '004217', name: '山田 花子' });
    await terminal.enrol(hanako, card, pin);
  });
  after(() => world?.stop());

  const logIn = async (): Promise<void> => {
    await lifted();
    await terminal.logIn(card, pin);
  };
  const died = (process: 'guard' | 'screen'): Promise<void> =>
    new Promise((resolve) => {
      const forget = terminal.house[process].listen((event) => {
        if (event.kind !== 'died') return;
        forget();
        resolve();
      });
    });

  test('the guard, killed while the desktop is open', async () => {
    await logIn();
    const dead = died('guard');
    terminal.house.guard.kill('SIGKILL');
    await dead;
    const page = await terminal.window('lock');
    await until('the lock window covers', () => page.evaluate(() => document.visibilityState === 'visible'));
    await terminal.house.guard.whenReady();
    await terminal.shows('ready', 15_000);
    await world.event((event) => event.kind === 'session.ended' && event.session !== null, 'the session has ended');
  });

  test('the guard, frozen while the desktop is open: the lease runs out', async () => {
    await logIn();
    const page = await terminal.window('lock');
    const frozenAt = performance.now();
    terminal.house.guard.kill('SIGSTOP');
    await until('the lock window covers', () => page.evaluate(() => document.visibilityState === 'visible'), 4_000);
    assert.ok(performance.now() - frozenAt < 3_000, 'covered within the longest lease');
    terminal.house.guard.kill('SIGCONT');
    const badge = await terminal.window('badge').catch(() => null);
    if (badge) await badge.click('[data-action="lock"]', { timeout: 2_000 }).catch(() => undefined);
    await terminal.shows('ready', 15_000);
  });

  test('the screen, killed while the desktop is open', async () => {
    await logIn();
    const dead = died('screen');
    terminal.house.screen.kill('SIGKILL');
    await dead;
    await terminal.shows('ready', 20_000);
    await world.event((event) => event.kind === 'session.ended' && event.reason === 'screen-lost', 'screen lost');
  });

  test('the renderer, crashed while a PIN is asked for', async () => {
    await lifted();
    await terminal.tap(card);
    const page = await terminal.shows('secret');
    const gone = new Promise((resolve) => page.once('crash', resolve));
    const session = await page.context().newCDPSession(page);
    session.send('Page.crash').catch(() => undefined);
    await gone;
    const again = await terminal.shows('secret', 15_000);
    await again.keyboard.press('Escape');
    await terminal.shows('ready');
  });

  test('the reader service, killed and started again', async () => {
    await terminal.readers.kill();
    const page = await terminal.shows('not-ready');
    await page.waitForSelector('[data-why="no-service"]');
    await terminal.readers.restart();
    await terminal.shows('ready', 10_000);
    await logIn();
    await (await terminal.window('badge')).click('[data-action="lock"]');
    await terminal.shows('ready');
    await world.event((event) => event.kind === 'reader.lost', 'reader lost');
  });

  test('the reader, unplugged and plugged in again', async () => {
    terminal.readers.unplug(0);
    const page = await terminal.shows('not-ready');
    await page.waitForSelector('[data-why="no-reader"]');
    terminal.readers.plug(0);
    await terminal.shows('ready', 10_000);
  });

  test('the server, stopped and started again', async () => {
    world.server.process.kill('SIGKILL');
    const page = await terminal.shows('not-ready', 20_000);
    await page.waitForSelector('[data-why="server-unreachable"]');
    await world.server.process.whenReady();
    await terminal.shows('ready', 30_000);
    await logIn();
    await (await terminal.window('badge')).click('[data-action="lock"]');
    await terminal.shows('ready');
    await world.event((event) => event.kind === 'link.lost', 'link lost');
  });
});
