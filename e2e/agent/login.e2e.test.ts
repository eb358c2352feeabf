import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { totp } from '#e2e/client.ts';
import { createWorld, enrolTotp, lifted, settled, type Terminal, until, type World } from '#e2e/world.ts';

describe('a clinician at a terminal', { timeout: 240_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  let taro: PersonSummary;
  let seed: string;
  const card = iso14443a('04A1B2C3D4E580');
  const otherCard = iso14443a('04112233445566');
  const stranger = iso14443a('04DEADBEEF0102');
  const pin = '73019462';

  before(async () => {
    world = await createWorld();
    terminal = await world.addTerminal('3東-NS-02');
    hanako = await world.addPerson({ number: '004217', name: '山田 花子', kana: 'ヤマダ ハナコ' });
    taro = await world.addPerson({ number: '004218', name: '佐藤 太郎', kana: 'サトウ タロウ' });
  });
  after(() => world?.stop());

  test('is enrolled with a card, sets a PIN at the keypad, and confirms an authenticator', async () => {
    const enrolled = await terminal.enrol(hanako, card, pin);
    assert.equal(enrolled.ending, 'E580');
    seed = await enrolTotp(world, hanako);
    await terminal.enrol(taro, otherCard, '58203917');
    const page = await world.admin.do('people/show', { params: { person: hanako.id } });
    assert.deepEqual(
      page.factors.map((factor) => factor.kind),
      ['pin', 'totp'],
    );
  });

  test('holds the card, types the PIN and works; a second tap locks', async () => {
    await terminal.logIn(card, pin);
    const badge = await terminal.window('badge');
    assert.match(await badge.innerText('body'), /山田 花子/);
    await settled();
    await terminal.tap(card);
    await terminal.shows('ready');
    await world.event(
      (event) => event.kind === 'session.ended' && event.reason === 'same-card',
      'session ended by tap',
    );
  });

  test('sees the tries that are left after a wrong PIN, and gets in with the right one', async () => {
    await lifted();
    await terminal.tap(card);
    const page = await terminal.shows('secret');
    await terminal.type('11119999');
    await page.waitForSelector('[data-tries-left="4"]');
    await terminal.type(pin);
    await terminal.shows('open');
    const refused = await world.event((event) => event.kind === 'proof.refused', 'a wrong PIN');
    assert.equal(refused.person, hanako.id);
    assert.deepEqual(refused.factors, ['card', 'pin']);
    assert.match(refused.at, /([+-]\d\d:\d\d|Z)$/);
    assert.equal(refused.terminalName, '3東-NS-02');
    await (await terminal.window('badge')).click('[data-action="lock"]');
    await terminal.shows('ready');
  });

  test('gets in with a TOTP, and the same code opens nothing a second time', async () => {
    await lifted();
    await terminal.tap(card);
    const page = await terminal.shows('secret');
    await page.click('[data-action="totp"]');
    // The code that confirmed the enrolment is used up: the next one is.
    const code = totp(seed, 30);
    await terminal.type(code, false);
    await terminal.shows('open');
    await settled();
    await terminal.tap(card);
    await terminal.shows('ready');

    await lifted();
    await terminal.tap(card);
    await terminal.shows('secret');
    await (await terminal.window('lock')).click('[data-action="totp"]');
    await terminal.type(code, false);
    await page.waitForSelector('[data-tries-left]');
    await world.event((event) => event.kind === 'proof.replayed' && event.person === hanako.id, 'a code used twice');
    await page.keyboard.press('Escape');
    await terminal.shows('ready');
  });

  test('is told neutrally that a strange card opens nothing, with a code for helpdesk', async () => {
    // Two different cards within a second are two cards at once.
    await lifted();
    await terminal.tap(stranger);
    const page = await terminal.shows('refused');
    const supportCode = (await page.innerText('[data-support-code]')).trim();
    assert.match(supportCode, /^[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}$/);
    const [event] = await world.events({ supportCode });
    assert.equal(event?.kind, 'attempt.refused');
    assert.equal(event?.reason, 'unknown-card');
    await page.keyboard.press('Escape');
    await terminal.shows('ready');
  });

  test('taps over: the first is locked out before the second is asked for anything', async () => {
    await lifted();
    await terminal.logIn(card, pin);
    await lifted();
    await terminal.tap(otherCard);
    const page = await terminal.shows('secret');
    assert.match(await page.innerText('body'), /佐藤 太郎/);
    await terminal.type('58203917');
    await terminal.shows('open');
    const badge = await terminal.window('badge');
    await until('the badge names the second person', async () => /佐藤 太郎/.test(await badge.innerText('body')));
    await world.event((event) => event.kind === 'session.ended' && event.reason === 'other-card', 'tap-over');
    await badge.click('[data-action="lock"]');
    await terminal.shows('ready');
  });

  test('reads the screen in English after switching the language', async () => {
    const page = await terminal.window('lock');
    await page.click('[data-action="language"]');
    await until('English words', async () => /hold your card/i.test(await page.innerText('body')));
    await page.click('[data-action="language"]');
    await until('Japanese words', async () => /かざ/.test(await page.innerText('body')));
  });

  test('finds every step in the log: who, when, where, with what, and how it went', async () => {
    await until(
      'the journal has been uploaded',
      async () => (await world.events({ kind: 'screen.opened' })).length >= 4,
    );
    const events = await world.events();
    for (const kind of [
      'terminal.enrolled',
      'card.enrolled',
      'pin.set',
      'totp.enrolled',
      'attempt.begun',
      'attempt.refused',
      'proof.accepted',
      'proof.refused',
      'proof.replayed',
      'session.began',
      'session.ended',
      'screen.opened',
      'screen.locked',
      'reader.ready',
      'guard.started',
    ])
      assert.ok(
        events.some((event) => event.kind === kind),
        `no ${kind}`,
      );
    for (const event of events.filter((each) => each.kind === 'session.began')) {
      assert.ok(event.personName && event.terminalName && event.session);
      assert.ok(event.factors.includes('card') && event.factors.length === 2);
      assert.equal(event.outcome, 'success');
    }
  });
});
