import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { openKeyring } from '#setup/keyring.ts';
import { createStops } from '#setup/stops.ts';
import { identified } from '../card/cards.ts';
import { createPivIssuer, type PivCard, type PivIssuer } from '../card/piv.ts';
import type { CardKind } from '../card/virtual-card.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import { createWard, type Means, usual, type Ward } from './ward.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-card-key-'));
const stops = createStops();
const uid = '04A1B2C3D4E5F6';

let server: ServerHouse;
let admin: ConsoleClient;
let person: PersonSummary;
let issuer: PivIssuer;
let card: PivCard;
let means: Means;
let ward: Ward;

before(async () => {
  issuer = createPivIssuer();
  stops.add(issuer.close);
  card = issuer.issue({ uid });
  means = { ...usual, card };
  const [started, keyring] = await Promise.all([
    freePort().then((port) => startServer({ folder: join(folder, 'server'), port })),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
  ]);
  server = started;
  for (const each of [server, keyring]) stops.add(each.stop);
  admin = createClient(server.origin, server.authority);
  stops.add(admin.close);
  await becomeFirstAdmin(admin, server.firstAdmin() ?? '');
  ward = await createWard({ folder, name: '3E-01', server: () => server, keyring, stops });
  const { code } = await admin.do('terminals/announce', { body: { name: '3E-01', place: '3階東病棟' } });
  await ward.start(code);
  const body = { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician' as const] };
  person = (await admin.do('people/add', { body })).person;
  await ward.screen().shows('ready', 15_000);
});

after(async () => {
  await stops.stop();
  if (process.env['KAZASU_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`${folder}\n`);
});

const cards = async (): Promise<readonly CardSummary[]> =>
  (await admin.do('people/show', { params: { person: person.id } })).cards;

/** Holds a card that opens nothing, and says what the log has on it. */
async function refused(one: CardKind): Promise<string | null> {
  await ward.screen().shows('ready');
  await ward.hold(one);
  const { picture } = await ward.screen().shows('refused');
  assert.equal(picture.why, 'card');
  assert.equal(ward.screen().isOpen(), false);
  const supportCode = picture.supportCode ?? '';
  assert.match(supportCode, /^\w{3}-\w{3}-\w{3}$/);
  await ward.slot.remove();
  ward.screen().call('login/cancel');
  await lifted();
  const { events } = await admin.do('events/list', { query: { supportCode, limit: 5 } });
  return events.find(({ kind }) => kind === 'attempt.refused')?.reason ?? null;
}

const asked = (): number => readFileSync(ward.log, 'utf8').split('nonce-asked').length - 1;

test('helpdesk enrols a card by its key once its issuer is on the list, and the person chooses a PIN with it', async () => {
  await admin.do('card-authorities/add', { body: { name: '病院のカード', certificate: issuer.authority } });
  await ward.enrol(admin, person, means);
  const [enrolled] = await cards();
  assert.deepEqual([enrolled?.technology, enrolled?.assurance], ['piv', 'pki']);
  await lifted();
});

test('its signature and the PIN open the desktop, again and again, and no tap waits for a nonce', async () => {
  const before = asked();
  for (let login = 0; login < 3; login += 1) {
    await ward.logIn(means);
  }
  assert.equal(asked(), before);
  await until('the log says how', async () => {
    const { events } = await admin.do('events/list', {
      query: { terminal: ward.id(), kind: 'attempt.begun', limit: 5 },
    });
    return (
      events.length === 3 &&
      events.every(({ detail }) => detail?.['assurance'] === 'pki' && typeof detail['proofMilliseconds'] === 'number')
    );
  });
});

test('a copy of its UID opens nothing', async () => {
  assert.equal(await refused(identified(card.atr, uid)), 'unknown-card');
});

test('a copy of its UID and its certificate, in front of another key, opens nothing', async () => {
  assert.equal(await refused(issuer.issue({ uid, certificateOf: card })), 'signature-wrong');
});

test('a card that signs with the answer that it once gave opens nothing', async () => {
  let recorded: Uint8Array | undefined;
  const player = issuer.issue({
    uid,
    certificateOf: card,
    twist: async (command, sound) => (command[1] === 0x87 && recorded !== undefined ? recorded : sound()),
  });
  const recorder: CardKind = {
    atr: card.atr,
    async answer(command) {
      const answer = await card.answer(command);
      if (command[1] === 0x87 && answer instanceof Uint8Array) recorded = answer;
      return answer;
    },
  };
  await ward.screen().shows('ready');
  await ward.hold(recorder);
  await ward.screen().shows('secret');
  await ward.slot.remove();
  ward.screen().call('login/cancel');
  await lifted();
  assert.ok(recorded);
  assert.equal(await refused(player), 'signature-wrong');
});

test('a card of an issuer that is not on the list opens nothing', async () => {
  const foreign = createPivIssuer();
  try {
    assert.equal(await refused(foreign.issue({ uid })), 'authority-unknown');
  } finally {
    foreign.close();
  }
});

test('once its issuer is off the list the card opens nothing, by its number neither', async () => {
  const { authorities } = await admin.do('card-authorities/list');
  const [authority] = authorities;
  assert.ok(authority !== undefined);
  assert.equal(authority.cards, 1);
  await admin.do('card-authorities/remove', { params: { authority: authority.id }, body: { reason: '契約の終了' } });
  assert.match((await refused(card)) ?? '', /^(unknown-card|authority-unknown)$/);
});

test('neither the number of a card nor a nonce nor a signature is in a log of terminal or server', async () => {
  assert.doesNotMatch(readFileSync(ward.log, 'utf8'), /04A1B2C3D4E5F6|"signature"|"nonce"/i);
});
