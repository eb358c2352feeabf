import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { settled, type Terminal, until, type World } from '#e2e/world.ts';
import { type CoveredTerminal, createCoveredTerminal, type Program, pin } from './covered-terminal.ts';
import { monotonic, type Probe } from './probe.ts';
import { findChromium } from './processes.ts';
import { walk, walkPolicy } from './walk.ts';

describe('the whole product under the curtain', { timeout: 500_000 }, () => {
  let at: CoveredTerminal;
  let world: World;
  let terminal: Terminal;
  let victim: Probe;
  let watch: Probe;
  let glass: Probe;

  before(async () => {
    at = await createCoveredTerminal({ logind: true, env: { KAZASU_POLICY: walkPolicy } });
    ({ world, terminal, victim, watch, glass } = at);
  });
  after(() => at?.stop());
  let began: { keys: number; red: number };
  beforeEach(async () => {
    began = { keys: (await victim.count()).keys, red: (await watch.count()).red };
  });

  const unseen = async (): Promise<void> => {
    assert.equal((await victim.count()).keys - began.keys, 0, 'keys that reached the victim');
    assert.equal((await watch.count()).red - began.red, 0, 'pixels of the victim');
  };
  /** Kills or stops a program; milliseconds until its successor shows the lock screen again. */
  const replaced = async (name: Exclude<Program, 'curtain'>, signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> => {
    const pid = await at.program(name);
    const from = monotonic();
    process.kill(pid, signal);
    await until(`another ${name}`, async () => (await at.program(name)) !== pid, 30_000);
    const stands = () => {
      const last = glass.changes.at(-1);
      // What was there may stand for a moment after its program has gone.
      return last?.red === true && monotonic() - last.at > 300 && monotonic() - from > 700;
    };
    await until('the lock screen stands again', stands, 60_000);
    // Too short to be seen is no time at all.
    return Math.max(0, Math.round((glass.changes.at(-1)?.at ?? 0) - from));
  };

  test('real keys reach the keypad and nothing else; the desktop is seen when the PIN was right, and a click locks', async () => {
    await terminal.shows('ready', 60_000);
    await terminal.tap(at.card);
    const page = await terminal.shows('secret');
    await at.keys(...pin);
    await until('every digit has arrived', async () => (await page.locator('.dot.full').count()) === pin.length);
    await unseen();
    await at.keys('Return');
    await until('the desktop is seen', at.isOpen);
    await at.logind?.says('hint 1 open');
    const badge = await terminal.shows('open');
    await at.keys('a', 'b', 'c');
    await until('keys reach the desktop', async () => (await victim.count()).keys - began.keys === 3);
    const box = await (await badge.waitForSelector('[data-action="lock"]')).boundingBox();
    const place = await badge.evaluate(() => [window.screenX, window.screenY] as const);
    assert.ok(box !== null);
    await settled();
    const asked = await at.click(place[0] + box.x + box.width / 2, place[1] + box.y + box.height / 2);
    assert.ok((await at.coveredAfter(asked)) < 500);
    await terminal.shows('ready', 60_000);
    await world.event(({ kind, reason }) => kind === 'session.ended' && reason === 'button', 'locked by the button');
  });

  test('keys that browsers and desktops act on reach the lock screen and change nothing', async () => {
    const page = await terminal.shows('ready', 60_000);
    await page.evaluate(() => {
      addEventListener('keydown', () => {
        document.documentElement.dataset['keys'] = String(Number(document.documentElement.dataset['keys'] ?? 0) + 1);
      });
    });
    // Another page, zoom or selection would be seen in it.
    const state = () =>
      page.evaluate(() => [
        location.href,
        performance.timeOrigin,
        innerWidth,
        devicePixelRatio,
        String(getSelection()),
      ]);
    const before = await state();
    const screen = await at.program('screen');
    await at.keys(
      ...['alt+F4', 'ctrl+w', 'ctrl+q', 'ctrl+r', 'F5', 'ctrl+shift+i', 'F12', 'F11', 'F1', 'Menu', 'shift+F10'],
      ...['ctrl+p', 'ctrl+plus', 'ctrl+minus', 'ctrl+a', 'ctrl+o', 'ctrl+n', 'ctrl+t', 'alt+Left', 'Print', 'super+d'],
    );
    await until('they have arrived', () => page.evaluate(() => Number(document.documentElement.dataset['keys']) > 20));
    await settled();
    assert.deepEqual(await state(), before);
    assert.equal(await at.program('screen'), screen);
    assert.equal(glass.changes.at(-1)?.red, true, 'nothing else lies there');
    await unseen();
  });

  test('the hot key locks, wherever the keyboard is', async () => {
    await at.opened();
    const heard = at.logind?.heard.length ?? 0;
    await at.pressLock();
    await at.coveredAfter(monotonic());
    await at.logind?.says('hint 1 locked', heard);
    await terminal.shows('ready', 60_000);
  });

  test('screen, painter, private display and curtains killed in turn while locked: always covered, soon back', async (t) => {
    await terminal.shows('ready', 60_000);
    const took: Record<string, number[]> = { screen: [], painter: [], display: [] };
    for (const name of ['screen', 'painter', 'display'] as const) took[name]?.push(await replaced(name, 'SIGKILL'));
    for (const seat of [0, 1] as const) {
      process.kill(await at.program('curtain', seat), 'SIGKILL');
      await delay(200);
    }
    t.diagnostic(`milliseconds until the lock screen was seen again: ${JSON.stringify(took)}`);
    await terminal.shows('ready', 60_000);
    await unseen();
    await at.opened();
    await at.pressLock();
    await at.coveredAfter(monotonic());
  });

  test('signals that ask a part to end: always covered, soon back', async () => {
    for (const [name, signals] of [
      ['screen', ['SIGTERM', 'SIGHUP', 'SIGINT']],
      ['painter', ['SIGTERM', 'SIGUSR1']],
      ['display', ['SIGTERM']],
      ['guard', ['SIGTERM', 'SIGHUP']],
    ] as const)
      for (const signal of signals) {
        const find = () => (name === 'guard' ? terminal.house.guard.pid() : at.tryFind(name));
        const pid = await until(`the ${name} runs`, find);
        process.kill(pid, signal);
        await until(`another ${name} after ${signal}`, () => ![undefined, pid].includes(find()), 20_000);
        if (name === 'guard') await terminal.house.guard.whenReady();
        await terminal.shows('ready', 60_000);
        await unseen();
      }
  });

  test('a screen that is killed again and again is made anew at once each time', async () => {
    await terminal.shows('ready', 60_000);
    for (let kills = 0; kills < 10; kills += 1) {
      const screen = await at.program('screen');
      const from = monotonic();
      process.kill(screen, 'SIGKILL');
      await until('another screen', () => ![undefined, screen].includes(at.tryFind('screen')), 10_000);
      assert.ok(monotonic() - from < 1_000, `${monotonic() - from} ms after ${kills} others`);
    }
    await terminal.shows('ready', 60_000);
    await unseen();
  });

  test('a screen, painter or private display that is stopped is noticed and made anew behind the cover', async () => {
    await terminal.shows('ready', 60_000);
    for (const name of ['painter', 'screen', 'display'] as const) await replaced(name, 'SIGSTOP');
    await terminal.shows('ready', 60_000);
    await unseen();
  });

  test('pages, and the process that draws for all of them, that are stopped are made anew in a moment', async (t) => {
    const took: Record<string, number> = {};
    for (const type of ['renderer', 'gpu-process']) {
      await terminal.shows('ready', 60_000);
      const screen = await at.program('screen');
      const stopped = findChromium(screen, type);
      const before = (await world.events({ kind: 'screen.repaired' })).length;
      const from = performance.now();
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      await until(`no ${type} of before`, () => !findChromium(screen, type).some((pid) => stopped.includes(pid)));
      await terminal.shows('ready', 20_000);
      took[type] = Math.round(performance.now() - from);
      if (stopped.length > 0)
        await until('it is in the log', async () => (await world.events({ kind: 'screen.repaired' })).length > before);
      assert.equal(await at.program('screen'), screen, 'the program is the same');
    }
    t.diagnostic(`milliseconds: ${JSON.stringify(took)}`);
    assert.ok(Math.max(...Object.values(took)) < 4_000, 'long before a page that does not paint is missed');
    await unseen();
    // Another one has nothing to repair yet.
    await replaced('screen', 'SIGKILL');
  });

  test('a page that hangs, the process that draws for all of them gone, no page to be started: noticed and repaired', async () => {
    await terminal.shows('ready', 60_000);
    const repaired = (what: RegExp) =>
      world.event(({ kind, detail }) => kind === 'screen.repaired' && what.test(String(detail['what'])), String(what));
    const page = await terminal.window('lock');
    await page.evaluate(() => {
      setTimeout(() => {
        for (;;);
      });
    });
    // Nobody asks it for anything: it is looked after all the same.
    const hung = performance.now();
    await repaired(/^lock page/);
    assert.ok(performance.now() - hung < 15_000);
    await terminal.shows('ready', 20_000);
    const [graphics] = findChromium(await at.program('screen'), 'gpu-process');
    if (graphics !== undefined) {
      process.kill(graphics, 'SIGKILL');
      await repaired(/^GPU process/);
      await terminal.shows('ready', 20_000);
    }
    const screen = await at.program('screen');
    const lost = (await world.events({ kind: 'screen.lost' })).length;
    // Pages are the children of what they are started by.
    const parts = [...findChromium(screen, 'zygote'), ...findChromium(screen, 'renderer')];
    for (const part of parts) process.kill(part, 'SIGKILL');
    await until('another screen', async () => (await at.program('screen')) !== screen, 30_000);
    await terminal.shows('ready', 60_000);
    await until('its loss is in the log', async () => (await world.events({ kind: 'screen.lost' })).length > lost);
    await unseen();
  });

  test('the screen killed while open locks, and so does the guard killed or frozen', async () => {
    await at.opened();
    process.kill(await at.program('screen'), 'SIGKILL');
    await at.coveredAfter(monotonic());
    await world.event(({ kind, reason }) => kind === 'session.ended' && reason === 'screen-lost', 'screen lost');
    await terminal.shows('ready', 60_000);
    await at.opened();
    const killed = monotonic();
    terminal.house.guard.kill('SIGKILL');
    assert.ok((await at.coveredAfter(killed)) < 1_000, 'long before the lease is over');
    await terminal.house.guard.whenReady();
    await terminal.shows('ready', 60_000);
    await at.opened();
    const frozen = monotonic();
    terminal.house.guard.kill('SIGSTOP');
    const after = await at.coveredAfter(frozen);
    terminal.house.guard.kill('SIGCONT');
    assert.ok(after < 2_300, `covered after ${after} ms`);
    await terminal.shows('ready', 60_000);
  });

  test('a walk at random never opens without its event, and ends locked', async (t) => {
    const { steps, opened, recorded } = await walk(at, 1, 8);
    t.diagnostic(`opened ${opened} of ${recorded} times: ${steps.join(', ')}`);
  });

  test('a revocation covers, and is confirmed by what the curtains report', async () => {
    await at.opened();
    const { revocation } = await world.admin.do('cards/revoke', {
      params: { card: at.enrolled.id },
      body: { reason: '紛失' },
    });
    await at.coveredAfter(monotonic());
    await until('the receipt', async () => {
      const { revocations } = await world.admin.do('revocations/list', { query: {} as never });
      return revocations
        .find((each) => each.number === revocation)
        ?.receipts.find(({ state }) => state === 'confirmed');
    });
  });
});
