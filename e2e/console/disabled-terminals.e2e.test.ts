import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { assertFits, axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import * as hands from './hands.ts';
import { keep } from './pictures.ts';
import { createSaid } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';
import { switchTo } from './tasks/seat.ts';

const name = '3東-NS-02';
let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];
before(async () => {
  world = await createConsoleWorld();
  page = await world.browser('ja');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
  await hands.becomeAdmin(page, world.firstAdmin);
  terminal = await hands.announce(world, page, name);
  await hands.announce(world, page, '外来-05');
  await hands.addPerson(page, { number: '104233', name: '佐藤 花子', kana: 'サトウ ハナコ' });
  await hands.enrol(page, terminal, hands.badge, '58203917');
});
after(() => world?.stop());

let known = 0;
/** The next order: it hears those of before again with each stream. */
const nextOrder = async () => {
  for (;;) {
    const { order } = await terminal.next('revocation');
    if (order.number <= known) continue;
    known = order.number;
    return order;
  }
};

/** It is cut, and comes again by itself. */
const comeAgain = async (): Promise<boolean> => {
  await terminal.ended();
  const since = Date.now();
  await terminal.plugIn();
  for (;;) {
    const hello = await terminal.next('hello');
    if (Date.parse(hello.serverTime) >= since) return hello.disabled === true;
  }
};

for (const language of ['ja', 'en'] as const)
  describe(`a terminal is disabled and enabled, in ${language}`, () => {
    const say = createSaid(language);
    const dialog = () => page.getByRole('dialog');
    const button = (key: string, values = {}) => page.getByRole('button', { name: say(key, values), exact: true });
    const inDialog = (key: string) => dialog().getByRole('button', { name: say(key), exact: true });
    const row = () => page.getByRole('row', { name });
    const state = (key: string) => row().locator('.pill', { hasText: say(`terminals.state.${key}`) });
    const shoot = async (picture: string): Promise<void> => {
      await assertFits(page, picture);
      assert.deepEqual(await axe(page), [], picture);
      if (language !== 'ja') return;
      await keep(page, picture);
      await switchTo(page, language);
    };

    before(async () => {
      await page.goto(`${world.origin}/console/#/terminals`);
      await switchTo(page, language);
      await state('online').waitFor();
    });

    test('with a reason and whoever is there locked out, the receipt coming in, and taken back at once', async () => {
      await terminal.logIn(hands.badge, '58203917');
      await row().getByText('佐藤 花子').waitFor();
      await button('terminals.disable-one', { name }).click();
      await dialog()
        .getByText(say('revoke.terminal.locks', { name: '佐藤 花子' }))
        .waitFor();
      assert.ok(await inDialog('disable.submit').isDisabled(), 'a reason comes first');
      await dialog()
        .getByRole('radio', { name: say('reason.terminal-repair') })
        .check();
      await shoot('terminal-disable');
      await inDialog('disable.submit').click();
      const order = await nextOrder();
      assert.equal(order.subject, terminal.id);
      assert.equal(await comeAgain(), true, 'it is told that it is out of use');
      await terminal.confirm(order.number, true);
      await dialog().getByRole('listitem').filter({ hasText: name }).locator('.pill.good').waitFor();
      await shoot('terminal-disabled');
      await inDialog('disable.undo').click();
      await dialog().getByText(say('disable.undone', { name })).waitFor();
      await inDialog('common.done').click();
      assert.equal(await comeAgain(), false);
      await state('online').waitFor();
    });

    test('it is found by its state with who did it and why, and is enabled later with a reason', async () => {
      await button('terminals.disable-one', { name }).click();
      await dialog()
        .getByRole('radio', { name: say('reason.terminal-moved') })
        .check();
      await inDialog('disable.submit').click();
      await inDialog('common.done').click();
      await page
        .getByLabel(say('common.state'), { exact: true })
        .selectOption({ label: say('terminals.state.disabled') });
      await page.getByText(say('list.count', { shown: 1, total: 1 })).waitFor();
      await row().getByText(say('reason.terminal-moved')).waitFor();
      await row().getByText('管理 一郎').waitFor();
      await shoot('terminals-disabled');
      await nextOrder();
      await comeAgain();
      const refused = await terminal.post('/v1/attempts', { lock: crypto.randomUUID(), card: hands.badge });
      assert.equal(refused.body.failure?.code, 'TERMINAL_DISABLED');
      await button('terminals.enable-one', { name }).click();
      assert.ok(await inDialog('enable.submit').isDisabled(), 'a reason comes first');
      await dialog().getByLabel(say('revoke.reason')).fill('設置完了');
      await shoot('terminal-enable');
      await inDialog('enable.submit').click();
      await dialog().waitFor({ state: 'detached' });
      await page.getByLabel(say('common.state'), { exact: true }).selectOption({ index: 0 });
      assert.equal(await comeAgain(), false);
      await state('online').waitFor();
      await terminal.logIn(hands.badge, '58203917');
    });

    test('the log and the list of revocations call it what it was', async () => {
      await page.goto(`${world.origin}/console/#/log?kind=terminal.enabled`);
      await page.getByText('設置完了').first().waitFor();
      await page.goto(`${world.origin}/console/#/revocations?what=terminal`);
      await page
        .getByRole('listitem')
        .filter({ hasText: name })
        .first()
        .getByText(say('revocations.for-now'))
        .waitFor();
      assert.deepEqual(await axe(page), []);
      assert.deepEqual(heard, []);
      await page.goto(`${world.origin}/console/#/terminals`);
    });
  });
