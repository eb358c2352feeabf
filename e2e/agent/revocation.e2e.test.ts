import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import { iso14443a } from '#e2e/card/cards.ts';
import { createWorld, lifted, type Terminal, until, type World } from '#e2e/world.ts';

describe('revoking', { timeout: 180_000 }, () => {
  let world: World;
  let terminal: Terminal;
  let hanako: PersonSummary;
  let enrolled: CardSummary;
  const card = iso14443a('04A1B2C3D4E580');
  const pin = '73019462';

  before(async () => {
    world = await createWorld();
    terminal = await world.addTerminal('3東-NS-02');
    hanako = await world.addPerson({ number: '004217', name: '山田 花子' });
    enrolled = await terminal.enrol(hanako, card, pin);
  });
  after(() => world?.stop());

  test('a card in use locks the terminal, which confirms with a receipt', async () => {
    await terminal.logIn(card, pin);
    const { revocation } = await world.admin.do('cards/revoke', {
      params: { card: enrolled.id },
      body: { reason: '紛失' },
    });
    await terminal.shows('ready');
    const receipt = await until('the receipt', async () => {
      const { revocations } = await world.admin.do('revocations/list', { query: {} as never });
      return revocations
        .find((each) => each.number === revocation)
        ?.receipts.find((each) => each.state === 'confirmed');
    });
    assert.equal(receipt.terminal, terminal.id);
    assert.ok(receipt.lockedAt !== null && receipt.milliseconds !== null && receipt.milliseconds < 3_000);
    await world.event((event) => event.kind === 'session.ended' && event.reason === 'revoked', 'session ended');
    await world.event((event) => event.kind === 'revocation.confirmed' && event.terminal === terminal.id, 'receipt');
  });

  test('the revoked card is refused from then on, in the words of any other card', async () => {
    await lifted();
    await terminal.tap(card);
    const page = await terminal.shows('refused');
    const supportCode = (await page.innerText('[data-support-code]')).trim();
    const [event] = await world.events({ supportCode });
    assert.equal(event?.reason, 'card-revoked');
    await page.keyboard.press('Escape');
    await terminal.shows('ready');
  });

  test('a terminal that is shut out says so and takes no card', async () => {
    await world.admin.do('terminals/revoke', { params: { terminal: terminal.id }, body: { reason: '盗難' } });
    const page = await terminal.shows('not-ready');
    await page.waitForSelector('[data-why="terminal-revoked"]');
  });
});
