import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { createWorld, lifted, type Terminal, until, type World } from '#e2e/world.ts';

describe('somebody without a card of their own at hand', { timeout: 240_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  let taro: PersonSummary;
  const card = iso14443a('04A1B2C3D4E581');
  const otherCard = iso14443a('04112233445567');
  const pin = '73019462';
  const otherPin = '58203917';

  before(async () => {
    world = await createWorld({ env: { KAZASU_POLICY: '{"fourEyes":[]}' } });
    terminal = await world.addTerminal('3東-NS-03');
    hanako = await world.addPerson({ number: 'N-004217', name: '山田 花子', kana: 'ヤマダ ハナコ' });
    taro = await world.addPerson({ number: 'N-004218', name: '佐藤 太郎', kana: 'サトウ タロウ' });
    await terminal.enrol(hanako, card, pin);
    await terminal.enrol(taro, otherCard, otherPin);
  });
  after(() => world?.stop());

  const choose = async (way: string) => {
    await lifted();
    const page = await terminal.shows('ready');
    await page.click('[data-action="without-card"]');
    await terminal.shows('ways');
    await page.click(`[data-action="${way}"]`);
    return page;
  };
  const lock = async () => {
    await (await terminal.window('badge')).click('[data-action="lock"]');
    await terminal.shows('ready');
  };

  test('types the code from helpdesk and their PIN, and works; their own card ends it', async () => {
    const { code } = await world.admin.do('substitutes/issue', {
      params: { person: hanako.id },
      body: { kind: 'code', cause: 'forgotten', identity: 'photo-identification' },
    });
    assert.ok(code);
    const page = await choose('substitute');
    await terminal.shows('code');
    await terminal.type('000000000000');
    await page.waitForSelector('[data-support-code]');
    await terminal.type(code.replaceAll('-', ''));
    await terminal.shows('secret');
    assert.match(await page.innerText('body'), /山田 花子/);
    await terminal.type(pin);
    await terminal.shows('open');
    const opened = await world.event(({ kind }) => kind === 'screen.opened', 'the desktop');
    assert.deepEqual([opened.person, opened.factors], [hanako.id, ['substitute-code', 'pin']]);
    await lock();

    await lifted();
    await terminal.logIn(card, pin);
    const { substitutes } = await world.admin.do('people/show', { params: { person: hanako.id } });
    assert.equal(substitutes[0]?.endReason, 'returned');
    await lock();
  });

  test('opens a sealed code, says for whom and why, and works; there is an alarm and a review', async () => {
    const { codes } = await world.admin.do('emergency-codes/make', { body: { group: '', count: 1, note: '3階東' } });
    const code = codes[0]?.code.replaceAll('-', '') ?? '';
    const page = await choose('emergency');
    await terminal.shows('code');
    await terminal.type(code);
    await until('the staff number is asked for', async () => /職員番号/.test(await page.innerText('h1')));
    assert.doesNotMatch(await page.innerText('body'), /太郎/);
    await terminal.type('004218');
    await terminal.shows('reasons');
    await page.click('[data-action="patient-urgent"]');
    await terminal.shows('confirm');
    assert.match(await page.innerText('body'), /佐藤 太郎/);
    await page.click('[data-action="confirm"]');
    await terminal.shows('open');
    const alarm = await world.event(({ kind }) => kind === 'emergency.opened', 'the alarm');
    assert.deepEqual([alarm.outcome, alarm.person, alarm.reason], ['major', taro.id, 'patient-urgent']);
    const { waiting, reviews } = await world.admin.do('reviews/list', {});
    assert.deepEqual([waiting, reviews[0]?.means, reviews[0]?.person.id], [1, 'code', taro.id]);
    await lock();

    await choose('emergency');
    await terminal.shows('code');
    await terminal.type(code);
    await page.waitForSelector('[data-support-code]');
    await page.keyboard.press('Escape');
    await terminal.shows('ready');
  });

  test('is let in on the word of a colleague with card and PIN of their own', async () => {
    const page = await choose('witness');
    await terminal.shows('vouch');
    await terminal.tap(card);
    await terminal.shows('secret');
    assert.equal(await page.locator('[data-as-witness]').count(), 1);
    await terminal.type(pin);
    await terminal.shows('code');
    await terminal.type('004218');
    await terminal.shows('reasons');
    await page.click('[data-action="card-unavailable"]');
    await terminal.shows('confirm');
    assert.match(await page.innerText('body'), /佐藤 太郎[\s\S]*山田 花子/);
    await page.click('[data-action="confirm"]');
    await terminal.shows('open');
    const { reviews } = await world.admin.do('reviews/list', {});
    const review = reviews.find(({ means }) => means === 'witness');
    assert.deepEqual([review?.person.id, review?.witness?.id], [taro.id, hanako.id]);
    await lock();
  });

  test('turns back with the keyboard alone', async () => {
    await lifted();
    const page = await terminal.shows('ready');
    await page.focus('[data-action="without-card"]');
    await page.keyboard.press('Enter');
    await terminal.shows('ways');
    await page.focus('[data-action="substitute"]');
    await page.keyboard.press('Enter');
    await terminal.shows('code');
    await page.keyboard.press('Escape');
    await terminal.shows('ready');
  });
});
