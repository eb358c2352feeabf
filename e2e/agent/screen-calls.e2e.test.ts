import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { screenFolder } from '#setup/paths.ts';
import { run } from '#setup/run.ts';
import { createScreenWorld, type ScreenWorld } from './screen-world.ts';
import type { FromScreenLine } from './scripted-guard.ts';

const ready = { picture: { kind: 'ready' } };
const secret = {
  picture: {
    kind: 'secret',
    greet: '佐藤 花子',
    factor: 'pin',
    others: ['totp'],
    accepted: [],
    typed: 0,
    shortest: 8,
    longest: 12,
    checking: false,
    endsAt: Date.now() + 600_000,
  },
};
const call = (page: Page, name: string, request: unknown): Promise<unknown> =>
  page.evaluate(
    ([one, two]) => (window as never as { kazasu: { call: (...given: unknown[]) => unknown } }).kazasu.call(one, two),
    [name, request] as const,
  );
const failureOf = (answer: unknown): string => (answer as { failure?: { code: string } }).failure?.code ?? 'none';

describe('what a page asks', { timeout: 120_000 }, () => {
  let world: ScreenWorld;
  let lock: Page;

  before(async () => {
    world = await createScreenWorld({ windowManager: true });
    lock = await world.page('lock');
    world.guard.cover();
    await world.painted(ready);
  });
  after(async () => await world?.stop());

  describe('the gate', () => {
    const refusal = (from: number): Promise<FromScreenLine> =>
      world.guard.waitFor((line) => line.kind === 'call-refused', { from });

    test('passes a call on to the guard with the window that main knows', async () => {
      const from = world.guard.received.length;
      assert.deepEqual(await call(lock, 'login/press', { key: '7' }), { ok: true, value: {} });
      const line = await world.guard.waitFor((one) => one.kind === 'call', { from });
      assert.deepEqual(
        { ...line, id: 0 },
        { kind: 'call', id: 0, window: 'lock', name: 'login/press', request: { key: '7' } },
      );
    });

    for (const [name, request, code, why] of [
      ['login/open', {}, 'REQUEST_UNKNOWN', 'unknown-call'],
      ['session/lock', {}, 'REQUEST_FOREIGN', 'foreign-window'],
      ['login/press', { key: '42' }, 'REQUEST_INVALID', 'bad-request'],
      ['settings/change', { language: 'ja', debug: true }, 'REQUEST_INVALID', 'bad-request'],
    ] as const) {
      test(`refuses ${name} ${JSON.stringify(request)} and reports it`, async () => {
        const from = world.guard.received.length;
        assert.equal(failureOf(await call(lock, name, request)), code);
        assert.deepEqual(await refusal(from), { kind: 'call-refused', window: 'lock', name, why });
      });
    }

    test('refuses a page that is not one of its windows, even with the same preload', async () => {
      // The next window to appear is the stranger: all of its own are there.
      await world.page('badge');
      const from = world.guard.received.length;
      const appeared = world.electron.waitForEvent('window');
      await world.electron.evaluate(
        ({ BrowserWindow, session }, preload) => {
          const own = session.fromPartition('screen', { cache: false });
          const stranger = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true, session: own } });
          void stranger.loadURL('app://ui/lock');
        },
        join(screenFolder, 'preload.cjs'),
      );
      const stranger = await appeared;
      await stranger.waitForLoadState();
      const answer = await call(stranger, 'login/press', { key: '1' });
      await stranger.close();
      assert.equal(failureOf(answer), 'REQUEST_FOREIGN');
      const line = await world.guard.waitFor((one) => one.kind === 'call-refused' && one['name'] === 'login/press', {
        from,
      });
      assert.deepEqual(line, { kind: 'call-refused', window: 'foreign', name: 'login/press', why: 'foreign-sender' });
    });

    test('keeps language and sound and shows them at once', async () => {
      await call(lock, 'settings/change', { language: 'en', sound: false });
      await lock.waitForSelector('html[lang="en"]');
      assert.match(await lock.innerText('h1'), /Hold your card/);
      await call(lock, 'settings/change', { language: 'ja', sound: true });
      await lock.waitForSelector('html[lang="ja"]');
      assert.match(await lock.innerText('h1'), /かざしてください/);
    });

    test('knows a window by itself and not by the address that its page shows', async () => {
      await lock.evaluate(() => history.replaceState(null, '', '/badge'));
      const from = world.guard.received.length;
      assert.equal(failureOf(await call(lock, 'session/lock', {})), 'REQUEST_FOREIGN');
      assert.equal((await refusal(from))['window'], 'lock');
      await lock.evaluate(() => history.replaceState(null, '', '/lock'));
    });
  });

  describe('typing', () => {
    const presses = (from: number): unknown[] =>
      world.guard.received
        .slice(from)
        .filter((line) => line['name'] === 'login/press')
        .map((line) => (line['request'] as { key: string }).key);

    test('real keys of the display, the pad and an input method all press the same keys', async () => {
      await world.painted(secret);
      const from = world.guard.received.length;
      const typed = await run('xdotool', ['key', '--delay', '20', '1', 'KP_2', 'BackSpace', 'Return'], {
        env: { ...process.env, ...world.display.env },
      });
      assert.ok(typed.ok, typed.error);
      await world.guard.waitFor(
        (line) => line.kind === 'call' && JSON.stringify(line['request']) === '{"key":"enter"}',
        { from },
      );
      await lock.click('.key-9');
      await lock.focus('.key-8');
      await lock.keyboard.press('Space');
      await lock.keyboard.press('Escape');
      await world.guard.waitFor((line) => line['name'] === 'login/cancel', { from });
      assert.deepEqual(presses(from), ['1', '2', 'back', 'enter', '9', '8']);
    });

    test('keys are large enough for gloves, and the page never holds what was typed', async () => {
      await world.painted({ picture: { ...secret.picture, typed: 5 } });
      for (const key of await lock.locator('.pad-key').all()) {
        const box = await key.boundingBox();
        assert.ok(box !== null && box.width >= 72 && box.height >= 72, JSON.stringify(box));
      }
      assert.equal(await lock.locator('.dot.full').count(), 5);
      assert.equal(await lock.locator('input').count(), 0);
      await world.painted(ready);
    });
  });
});
