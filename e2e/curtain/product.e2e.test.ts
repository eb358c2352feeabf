import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { createWorld, lifted, settled, type Terminal, until, type World } from '#e2e/world.ts';
import { run } from '#setup/run.ts';
import { findChild, isCurtain } from './curtain-world.ts';
import { monotonic, type Probe, startProbe } from './probe.ts';

/** The stripe at the top of the lock screen, and the face of the badge's lock button. */
const stripe = { x: '640', y: '3', colour: '43d6c5' };
const size = { width: 1280, height: 800 };

describe('the whole product under the curtain', { timeout: 500_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  let enrolled: CardSummary;
  let victim: Probe;
  /** Sees the victim. */
  let watch: Probe;
  /** Sees the lock screen itself. */
  let glass: Probe;
  const card = iso14443a('04A1B2C3D4E580');
  const pin = '73019462';

  before(async () => {
    world = await createWorld({ curtain: true, size: `${size.width}x${size.height}x24` });
    victim = await startProbe(world.display.env, 'victim');
    terminal = await world.addTerminal('3東-NS-02');
    watch = await startProbe(world.display.env, 'watch');
    glass = await startProbe(world.display.env, 'watch', stripe.x, stripe.y, stripe.colour);
    hanako = await world.addPerson({ number: '004217', name: '山田 花子' });
    enrolled = await terminal.enrol(hanako, card, pin);
  });
  after(async () => {
    await Promise.all([victim, watch, glass].map((probe) => probe?.stop()));
    await world?.stop();
  });
  let began: { keys: number; red: number };
  beforeEach(async () => {
    began = { keys: (await victim.count()).keys, red: (await watch.count()).red };
  });

  const keys = (...names: readonly string[]) =>
    run('xdotool', ['key', '--delay', '15', ...names], { env: { ...process.env, ...world.display.env } });
  const click = (x: number, y: number) =>
    run('xdotool', ['mousemove', String(x), String(y), 'click', '1'], {
      env: { ...process.env, ...world.display.env },
    });
  const isOpen = () => watch.changes.at(-1)?.red === true;
  const opened = async (): Promise<void> => {
    await lifted();
    await terminal.shows('ready', 60_000);
    await terminal.tap(card);
    await terminal.shows('secret');
    await keys(...pin, 'Return');
    await until('the desktop is seen', isOpen);
    await terminal.shows('open');
  };
  /** Milliseconds until no pixel of the victim was seen any more. */
  const coveredAfter = async (from: number): Promise<number> => {
    await until('the desktop is not seen', () => !isOpen());
    return (watch.changes.at(-1)?.at ?? 0) - from;
  };
  const program = (name: 'curtain' | 'painter' | 'display' | 'screen', seat: 0 | 1 = 0): Promise<number> =>
    until(`the ${name} runs`, () =>
      findChild(terminal.house.screen.pid(), (child) => {
        if (name === 'curtain') return isCurtain(seat)(child);
        return child.program === { painter: 'painter', display: 'Xvfb', screen: 'electron' }[name];
      }),
    );
  const unseen = async (): Promise<void> => {
    assert.equal((await victim.count()).keys - began.keys, 0, 'keys that reached the victim');
    assert.equal((await watch.count()).red - began.red, 0, 'pixels of the victim');
  };
  /** Kills or stops a program; milliseconds until its successor shows the lock screen again. */
  const replaced = async (name: 'painter' | 'display' | 'screen', signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> => {
    const pid = await program(name);
    const from = monotonic();
    process.kill(pid, signal);
    await until(`another ${name}`, async () => (await program(name)) !== pid, 30_000);
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
    await terminal.tap(card);
    const page = await terminal.shows('secret');
    await keys(...pin);
    await until('every digit has arrived', async () => (await page.locator('.dot.full').count()) === pin.length);
    await unseen();
    await keys('Return');
    await until('the desktop is seen', isOpen);
    const badge = await terminal.shows('open');
    await keys('a', 'b', 'c');
    await until('keys reach the desktop', async () => (await victim.count()).keys - began.keys === 3);
    const box = await (await badge.waitForSelector('[data-action="lock"]')).boundingBox();
    const place = await badge.evaluate(() => [window.screenX, window.screenY] as const);
    assert.ok(box !== null);
    await settled();
    const asked = monotonic();
    await click(place[0] + box.x + box.width / 2, place[1] + box.y + box.height / 2);
    assert.ok((await coveredAfter(asked)) < 500);
    await terminal.shows('ready', 60_000);
    await world.event(({ kind, reason }) => kind === 'session.ended' && reason === 'button', 'locked by the button');
  });

  test('the hot key locks, wherever the keyboard is', async () => {
    await opened();
    await keys('ctrl+alt+l');
    await coveredAfter(monotonic());
    await terminal.shows('ready', 60_000);
  });

  test('screen, painter, private display and curtains killed in turn while locked: always covered, soon back', async (t) => {
    await terminal.shows('ready', 60_000);
    const took: Record<string, number[]> = { screen: [], painter: [], display: [] };
    for (const name of ['screen', 'painter', 'display'] as const) took[name]?.push(await replaced(name, 'SIGKILL'));
    for (const seat of [0, 1] as const) {
      process.kill(await program('curtain', seat), 'SIGKILL');
      await delay(200);
    }
    t.diagnostic(`milliseconds until the lock screen was seen again: ${JSON.stringify(took)}`);
    await terminal.shows('ready', 60_000);
    await unseen();
    await opened();
    await keys('ctrl+alt+l');
    await coveredAfter(monotonic());
  });

  test('a screen or painter that hangs is noticed and made anew behind the cover', async () => {
    await terminal.shows('ready', 60_000);
    for (const name of ['painter', 'screen'] as const) await replaced(name, 'SIGSTOP');
    await terminal.shows('ready', 60_000);
    await unseen();
  });

  test('the screen killed while open locks, and so does the guard killed or frozen', async () => {
    await opened();
    process.kill(await program('screen'), 'SIGKILL');
    await coveredAfter(monotonic());
    await world.event(({ kind, reason }) => kind === 'session.ended' && reason === 'screen-lost', 'screen lost');
    await terminal.shows('ready', 60_000);
    await opened();
    const killed = monotonic();
    terminal.house.guard.kill('SIGKILL');
    assert.ok((await coveredAfter(killed)) < 1_000, 'long before the lease is over');
    await terminal.house.guard.whenReady();
    await terminal.shows('ready', 60_000);
    await opened();
    const frozen = monotonic();
    terminal.house.guard.kill('SIGSTOP');
    const after = await coveredAfter(frozen);
    terminal.house.guard.kill('SIGCONT');
    assert.ok(after < 2_300, `covered after ${after} ms`);
    await terminal.shows('ready', 60_000);
  });

  test('a revocation covers, and is confirmed by what the curtains report', async () => {
    await opened();
    const { revocation } = await world.admin.do('cards/revoke', {
      params: { card: enrolled.id },
      body: { reason: '紛失' },
    });
    await coveredAfter(monotonic());
    await until('the receipt', async () => {
      const { revocations } = await world.admin.do('revocations/list', { query: {} as never });
      return revocations
        .find((each) => each.number === revocation)
        ?.receipts.find(({ state }) => state === 'confirmed');
    });
  });
});
