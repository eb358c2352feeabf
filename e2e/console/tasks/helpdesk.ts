import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import type { CardEvidence } from '#contract/card.ts';
import { until } from '../../world.ts';
import { axe } from '../console-world.ts';
import type { Counted } from '../counted.ts';
import * as hands from '../hands.ts';
import { createSaid } from '../said.ts';
import { goTo, switchTo, type Way } from './seat.ts';

const pin = '58203917';
const card = (last: string): CardEvidence => ({
  technology: 'iso14443a',
  identifier: `04A1B2C3D4E5${last}`,
  assurance: 'identifier',
});
const stories = {
  ja: { name: '鷲尾 千種', kana: 'ワシオ チグサ', number: '104233', first: card('01'), second: card('02') },
  en: { name: 'Hana Smith', kana: 'スミス ハナ', number: '104244', first: card('11'), second: card('12') },
} as const;

/** What helpdesk does all day, one person after the other. Whoever does it is called as `hands.invite` calls them. */
export const helpdeskTasks = (way: Way): void => {
  const { language, seat, hands: handsOf } = way;
  const { name, kana, number, first, second } = stories[language];
  const say = createSaid(language);
  const page = () => seat().page;
  const hand = () => handsOf(page());
  const dialog = () => page().getByRole('dialog');
  const button = (key: string) => dialog().getByRole('button', { name: say(key), exact: true });
  const radio = (key: string) => dialog().getByRole('radio', { name: say(key) });
  const region = (key: string) => page().getByRole('region', { name: say(key), exact: true });
  const search = () => page().getByRole('searchbox', { name: say('find.label') });
  const heading = () => page().getByRole('heading', { level: 1, name, exact: true });
  const row = () => page().getByRole('rowheader').filter({ hasText: name });
  const people = () => goTo(way, 'nav.people');
  /** Why the terminal did not take the card, as the lock screen shows it: a support code. */
  const refuse = async (held: CardEvidence): Promise<string> => {
    const refused = await seat().terminal.post('/v1/attempts', { lock: randomUUID(), card: held });
    assert.equal(refused.status, 403);
    return String(refused.body.failure?.supportCode);
  };
  /** At a terminal that is found by its name, once for whoever sits down: the console remembers it. */
  const begin = async (own: Counted): Promise<void> => {
    const { terminal } = seat();
    const choice = dialog().getByLabel(say('ceremony.terminal'), { exact: true });
    await choice.locator('option', { hasText: terminal.name }).first().waitFor({ state: 'attached' });
    const isChosen = (await choice.locator('option:checked').textContent())?.startsWith(terminal.name);
    if (isChosen !== true) await own.fill(dialog().getByLabel(say('ceremony.find-terminal')), terminal.name);
    await own.click(button('ceremony.begin'));
  };
  const ceremony = async () => (await seat().terminal.next('ceremony')).order;

  describe(`helpdesk, in ${language}`, () => {
    before(async () => {
      await switchTo(page(), 'ja');
      await hands.addPerson(page(), { number, name, kana });
      await switchTo(page(), language);
    });

    test('finds a person by name, kana and number', async () => {
      for (const typed of [name, kana, number]) {
        await people();
        const own = hand();
        await own.fill(search(), typed);
        await row().waitFor();
        await own.press('Enter');
        await heading().waitFor();
        assert.ok(own.count() <= 2, `${own.count()} actions`);
      }
    });

    test('enrols a card and a PIN within eight actions, from the search on, with how the person was known', async () => {
      const { terminal } = seat();
      await people();
      const own = hand();
      await own.fill(search(), number);
      await row().waitFor();
      await own.press('Enter');
      await heading().waitFor();
      await own.click(page().getByRole('button', { name: say('card.enrol') }));
      await own.click(radio('identity.photo-identification'));
      await begin(own);
      assert.equal((await terminal.giveCard((await ceremony()).ceremony, first)).status, 200);
      await own.click(button('card.then-pin'));
      const then = await ceremony();
      await terminal.giveCard(then.ceremony, first);
      await terminal.givePin(then.ceremony, pin);
      await dialog().getByText(say('pin.done', { name })).waitFor();
      await own.click(button('common.done'));
      assert.ok(own.count() <= 8, `${own.count()} actions`);
      await region('timeline.title')
        .getByText(say('event.pin.set', { person: '' }).trim())
        .first()
        .waitFor();
    });

    test('finds a person by the card that they hold, and a card of nobody is said to be so', async () => {
      const { terminal } = seat();
      await people();
      await hand().click(page().getByRole('button', { name: say('find.by-card') }));
      await begin(hand());
      const order = await ceremony();
      assert.deepEqual([order.task, order.personName], ['find', '']);
      assert.deepEqual(await axe(page()), []);
      assert.equal((await terminal.giveCard(order.ceremony, second)).body['next'], 'done');
      await dialog().getByText(say('ceremony.problem.CARD_UNKNOWN')).waitFor();
      await hand().click(button('ceremony.again'));
      await begin(hand());
      await terminal.giveCard((await ceremony()).ceremony, first);
      await heading().waitFor();
      await dialog().waitFor({ state: 'detached' });
    });

    test('tests a card at once by a second tap, and another card fails the test', async () => {
      const { terminal } = seat();
      await hand().click(page().getByRole('button', { name: say('card.enrol') }));
      await hand().click(radio('identity.known-in-person'));
      await begin(hand());
      await terminal.giveCard((await ceremony()).ceremony, second);
      await hand().click(button('card.test'));
      await terminal.giveCard((await ceremony()).ceremony, card('99'));
      await dialog().getByText(say('ceremony.problem.CARD_UNKNOWN')).waitFor();
      await hand().click(button('ceremony.again'));
      await terminal.giveCard((await ceremony()).ceremony, second);
      await dialog().getByText(say('card.test-good', { name })).waitFor();
      assert.deepEqual(await axe(page()), []);
      await hand().click(button('common.done'));
    });

    test('unlocks a PIN that was guessed at, within one action from the page of its person', async () => {
      await seat().terminal.guess(first);
      const line = region('factor.title')
        .getByRole('listitem')
        .filter({ hasText: say('factor.pin') });
      const state = (word: string) => line.getByText(say(`factor.state.${word}`), { exact: true });
      await state('locked').waitFor();
      const own = hand();
      await own.click(page().getByRole('button', { name: say('factor.unlock'), exact: true }));
      await state('active').waitFor();
      assert.equal(own.count(), 1);
    });

    test('revokes a card and sees the receipt within four actions', async () => {
      const { terminal } = seat();
      await people();
      await hand().fill(search(), name);
      await row().waitFor();
      await hand().press('Enter');
      const own = hand();
      const active = region('card.title').getByRole('button', {
        name: say('card.revoke-one', { ending: second.identifier.slice(-4) }),
      });
      await own.click(active);
      await own.click(radio('reason.card-stolen'));
      await own.click(button('revoke.card.submit'));
      const number = Number(((await dialog().locator('.big').textContent()) ?? '').replace(/\D/g, ''));
      await until('the terminal heard of it', async () => (await terminal.next('revocation')).order.number === number);
      await terminal.confirm(number, true);
      const receipt = dialog().getByRole('listitem').filter({ hasText: terminal.name });
      await receipt.getByText(say('receipt.locked')).waitFor();
      await own.click(button('common.done'));
      assert.ok(own.count() <= 4, `${own.count()} actions`);
    });

    test('replaces a lost card by a code within six actions, and the code is shown once', async () => {
      const own = hand();
      await own.click(page().getByRole('button', { name: say('substitute.give') }));
      await own.click(radio('substitute.cause.lost'));
      await own.click(radio('identity.photo-identification'));
      await own.click(button('common.next'));
      await own.click(button('substitute.submit'));
      assert.match((await dialog().locator('output').textContent()) ?? '', /^\d{4}-\d{4}-\d{4}$/);
      await own.click(button('common.done'));
      assert.ok(own.count() <= 6, `${own.count()} actions`);
    });

    test('says why it failed from a support code within two actions, with since when, why and by whom', async () => {
      const code = await refuse(first);
      await people();
      const own = hand();
      await own.fill(search(), code.toLowerCase().replaceAll('-', ' '));
      await own.press('Enter');
      await heading().waitFor();
      assert.ok(own.count() <= 2, `${own.count()} actions`);
      const why = region('why.title');
      await why.getByText(say('why.next.card-revoked')).waitFor();
      const told = (await why.textContent()) ?? '';
      const me = (await page().locator('.me-name').textContent()) ?? '';
      assert.notEqual(me, '');
      for (const part of [code, seat().terminal.name, me]) assert.ok(told.includes(part), `${part} in ${told}`);
      assert.match(new URL(page().url()).hash, /^#\/refusals\/[0-9A-Z]{3}-/, 'the answer can be linked to');
      const line = region('timeline.title').getByRole('listitem').first();
      assert.ok((await line.textContent())?.includes(seat().terminal.name));
      assert.deepEqual(await axe(page()), []);
    });

    test('says of a card of nobody, and of a code that no refusal has, what it is', async () => {
      const code = await refuse(card('55'));
      await people();
      await hand().fill(search(), code);
      await hand().press('Enter');
      await page().getByText(say('why.of-nobody')).waitFor();
      await page().getByText(say('why.next.unknown-card')).waitFor();
      assert.deepEqual(await axe(page()), []);
      await people();
      await hand().fill(search(), 'AAA-AAA-AAA');
      await hand().press('Enter');
      await page().getByText(say('failure.SUPPORT_CODE_UNKNOWN')).waitFor();
      assert.deepEqual(await axe(page()), []);
    });
  });
};
