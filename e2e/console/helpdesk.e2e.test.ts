import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import type { CardEvidence } from '#contract/card.ts';
import { axe, type ConsoleWorld, createConsoleWorld } from './console-world.ts';
import { countHands } from './counted.ts';
import * as hands from './hands.ts';
import { createSaid } from './said.ts';
import type { ScriptedTerminal } from './scripted-terminal.ts';

let world: ConsoleWorld;
let page: Page;
let terminal: ScriptedTerminal;
let heard: readonly string[];

before(async () => {
  world = await createConsoleWorld();
  const admin = await world.browser('ja');
  admin.setDefaultTimeout(10_000);
  await hands.becomeAdmin(admin, world.firstAdmin);
  terminal = await hands.announce(world, admin, '3東-NS-02');
  page = await hands.invite(world, admin, 'helpdesk', 'ヘルプデスク');
  page.setDefaultTimeout(10_000);
  heard = hands.complaints(page);
});
after(() => world?.stop());

const pin = '58203917';
const card = (last: string): CardEvidence => ({
  technology: 'iso14443a',
  identifier: `04A1B2C3D4E5${last}`,
  assurance: 'identifier',
});
const stories = [
  { language: 'ja', name: '佐藤 花子', kana: 'サトウ ハナコ', number: '104233', first: card('01'), second: card('02') },
  { language: 'en', name: 'Hana Smith', kana: 'スミス ハナ', number: '104244', first: card('11'), second: card('12') },
] as const;

/** Why the terminal did not take the card, as the lock screen shows it: a support code. */
const refuse = async (held: CardEvidence): Promise<string> => {
  const refused = await terminal.post('/v1/attempts', { lock: randomUUID(), card: held });
  assert.equal(refused.status, 403);
  return String(refused.body.failure?.supportCode);
};

for (const { language, name, kana, number, first, second } of stories) {
  const say = createSaid(language);
  const dialog = () => page.getByRole('dialog');
  const button = (key: string) => dialog().getByRole('button', { name: say(key), exact: true });
  const region = (key: string) => page.getByRole('region', { name: say(key), exact: true });
  const search = () => page.getByRole('searchbox', { name: say('find.label') });
  const people = async (): Promise<void> => {
    await page.goto(`${world.origin}/console/#/people`);
    await search().waitFor();
  };

  describe(`helpdesk, in ${language}`, () => {
    before(async () => {
      await page.locator('.languages [lang="ja"]').click();
      await hands.addPerson(page, { number, name, kana });
      await page.locator(`.languages [lang="${language}"]`).click();
    });

    test('enrols a card and a PIN within eight actions, from the search on, with how the person was known', async () => {
      await people();
      const hand = countHands(page);
      await hand.fill(search(), number);
      await page.getByRole('rowheader').filter({ hasText: name }).waitFor();
      await hand.press('Enter');
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      await hand.click(page.getByRole('button', { name: say('card.enrol') }));
      await hand.click(dialog().getByRole('radio', { name: say('identity.photo-identification') }));
      await hand.click(button('ceremony.begin'));
      const { order } = await terminal.next('ceremony');
      assert.equal((await terminal.giveCard(order.ceremony, first)).status, 200);
      await hand.click(button('card.then-pin'));
      const { order: then } = await terminal.next('ceremony');
      await terminal.giveCard(then.ceremony, first);
      await terminal.givePin(then.ceremony, pin);
      await dialog().getByText(say('pin.done', { name })).waitFor();
      await hand.click(button('common.done'));
      assert.ok(hand.count() <= 8, `${hand.count()} actions`);
      await region('timeline.title')
        .getByText(say('event.pin.set', { person: '' }).trim())
        .first()
        .waitFor();
    });

    test('finds a person by the card that they hold, and a card of nobody is said to be so', async () => {
      await people();
      await page.getByRole('button', { name: say('find.by-card') }).click();
      await button('ceremony.begin').click();
      const { order } = await terminal.next('ceremony');
      assert.deepEqual([order.task, order.personName], ['find', '']);
      assert.deepEqual(await axe(page), []);
      assert.equal((await terminal.giveCard(order.ceremony, second)).body['next'], 'done');
      await dialog().getByText(say('ceremony.problem.CARD_UNKNOWN')).waitFor();
      await button('ceremony.again').click();
      await button('ceremony.begin').click();
      const { order: once } = await terminal.next('ceremony');
      await terminal.giveCard(once.ceremony, first);
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      await dialog().waitFor({ state: 'detached' });
    });

    test('tests a card at once by a second tap, and another card fails the test', async () => {
      await page.getByRole('button', { name: say('card.enrol') }).click();
      await dialog()
        .getByRole('radio', { name: say('identity.known-in-person') })
        .check();
      await button('ceremony.begin').click();
      const { order } = await terminal.next('ceremony');
      await terminal.giveCard(order.ceremony, second);
      await button('card.test').click();
      const { order: test } = await terminal.next('ceremony');
      await terminal.giveCard(test.ceremony, card('99'));
      await dialog().getByText(say('ceremony.problem.CARD_UNKNOWN')).waitFor();
      await button('ceremony.again').click();
      const { order: again } = await terminal.next('ceremony');
      await terminal.giveCard(again.ceremony, second);
      await dialog().getByText(say('card.test-good', { name })).waitFor();
      assert.deepEqual(await axe(page), []);
      await button('common.done').click();
    });

    test('revokes a card and sees the receipt within four actions', async () => {
      await people();
      await search().fill(name);
      await page.getByRole('rowheader').filter({ hasText: name }).waitFor();
      await search().press('Enter');
      const hand = countHands(page);
      const active = region('card.title').getByRole('button', {
        name: say('card.revoke-one', { ending: second.identifier.slice(-4) }),
      });
      await hand.click(active);
      await hand.click(dialog().getByRole('radio', { name: say('reason.card-stolen') }));
      await hand.click(button('revoke.card.submit'));
      const { order } = await terminal.next('revocation');
      await terminal.confirm(order.number, true);
      await dialog().getByText('3東-NS-02').waitFor();
      await hand.click(button('common.done'));
      assert.ok(hand.count() <= 4, `${hand.count()} actions`);
    });

    test('replaces a lost card by a code within six actions, and the code is shown once', async () => {
      const hand = countHands(page);
      await hand.click(page.getByRole('button', { name: say('substitute.give') }));
      await hand.click(dialog().getByRole('radio', { name: say('substitute.cause.lost') }));
      await hand.click(dialog().getByRole('radio', { name: say('identity.photo-identification') }));
      await hand.click(button('common.next'));
      await hand.click(button('substitute.submit'));
      assert.match((await dialog().locator('output').textContent()) ?? '', /^\d{4}-\d{4}-\d{4}$/);
      await hand.click(button('common.done'));
      assert.ok(hand.count() <= 6, `${hand.count()} actions`);
    });

    test('says why it failed from a support code within two actions, with since when, why and by whom', async () => {
      const code = await refuse(first);
      await people();
      const hand = countHands(page);
      await hand.fill(search(), code.toLowerCase().replaceAll('-', ' '));
      await hand.press('Enter');
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      assert.ok(hand.count() <= 2, `${hand.count()} actions`);
      const why = region('why.title');
      await why.getByText(say('why.next.card-revoked')).waitFor();
      const told = (await why.textContent()) ?? '';
      for (const part of [code, '3東-NS-02', 'ヘルプデスク 次郎']) assert.ok(told.includes(part), `${part} in ${told}`);
      assert.match(new URL(page.url()).hash, /^#\/refusals\/[0-9A-Z]{3}-/, 'the answer can be linked to');
      const line = region('timeline.title').getByRole('listitem').first();
      assert.match((await line.textContent()) ?? '', /3東-NS-02/);
      assert.deepEqual(await axe(page), []);
    });

    test('says of a card of nobody, and of a code that no refusal has, what it is', async () => {
      const code = await refuse(card('55'));
      await people();
      await search().fill(code);
      await search().press('Enter');
      await page.getByText(say('why.of-nobody')).waitFor();
      await page.getByText(say('why.next.unknown-card')).waitFor();
      assert.deepEqual(await axe(page), []);
      await people();
      await search().fill('AAA-AAA-AAA');
      await search().press('Enter');
      await page.getByText(say('failure.SUPPORT_CODE_UNKNOWN')).waitFor();
      assert.deepEqual(await axe(page), []);
    });
  });
}

test('nothing was blocked by the page’s policy and no script failed', () => {
  assert.deepEqual(heard, []);
});
