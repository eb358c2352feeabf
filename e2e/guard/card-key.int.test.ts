import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CardSummary, PersonSummary } from '#contract/api/people.ts';
import type { TerminalId } from '#contract/ids.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { keep } from '#setup/keep.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { identified } from '../card/cards.ts';
import { createPivIssuer, type PivCard, type PivIssuer } from '../card/piv.ts';
import { startReaderService } from '../card/service.ts';
import { type CardKind, createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import { joinScreen, type RawScreen } from './raw-screen.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-card-key-'));
const stops = createStops();
const pin = '40718293';
const uid = '04A1B2C3D4E5F6';
const guardLog = join(folder, 'guard.log');

let server: ServerHouse;
let admin: ConsoleClient;
let slot: VirtualSlot;
let screen: RawScreen;
let person: PersonSummary;
let terminal: TerminalId;
let issuer: PivIssuer;
let card: PivCard;

before(async () => {
  issuer = createPivIssuer();
  stops.add(issuer.close);
  card = issuer.issue({ uid });
  const [started, keyring, readers] = await Promise.all([
    freePort().then((port) => startServer({ folder: join(folder, 'server'), port })),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
    startReaderService({ folder: join(folder, 'readers'), slots: 1 }),
  ]);
  server = started;
  for (const each of [server, keyring, readers]) stops.add(each.stop);
  admin = createClient(server.origin, server.authority);
  stops.add(admin.close);
  const link = server.firstAdmin();
  assert.ok(link);
  await becomeFirstAdmin(admin, link);
  const announced = await admin.do('terminals/announce', { body: { name: '3E-01', place: '3階東病棟' } });
  terminal = announced.terminal;
  slot = createVirtualSlot(readers.ports[0] ?? 0);
  stops.add(slot.remove);
  const socket = join(folder, 'run', 'guard.sock');
  const guard = await keep({
    name: 'guard',
    command: node,
    args: [join(root, 'guard', 'start.ts')],
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...keyring.env,
      KAZASU_DATA: join(folder, 'guard'),
      KAZASU_SERVER: server.origin,
      KAZASU_AUTHORITY: server.authority,
      KAZASU_GUARD_SOCKET: socket,
      KAZASU_LOG: 'debug',
      PCSCLITE_CSOCK_NAME: readers.socket,
      KAZASU_ENROLMENT_CODE: announced.code,
    },
    log: guardLog,
    ready: { line: /^\{"ready":true.*\}$/ },
  });
  stops.add(() => guard.stop());
  screen = await joinScreen(socket);
  stops.add(() => screen.close());
  const body = { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician' as const] };
  person = (await admin.do('people/add', { body })).person;
  await screen.shows('ready', 15_000);
});

after(async () => {
  await stops.stop();
  if (process.env['KAZASU_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`${folder}\n`);
});

async function hold(one: CardKind): Promise<void> {
  await slot.insert(one);
  await until('the reader sees the card', () => slot.seenAt() !== undefined);
}

const cards = async (): Promise<readonly CardSummary[]> =>
  (await admin.do('people/show', { params: { person: person.id } })).cards;

/** Holds a card that opens nothing, and says what the log has on it. */
async function refused(one: CardKind): Promise<string | null> {
  await screen.shows('ready');
  await hold(one);
  const { picture } = await screen.shows('refused');
  assert.equal(picture.why, 'card');
  assert.equal(screen.isOpen(), false);
  const supportCode = picture.supportCode ?? '';
  assert.match(supportCode, /^\w{3}-\w{3}-\w{3}$/);
  await slot.remove();
  screen.call('login/cancel');
  await lifted();
  const { events } = await admin.do('events/list', { query: { supportCode, limit: 5 } });
  return events.find(({ kind }) => kind === 'attempt.refused')?.reason ?? null;
}

const asked = (): number => readFileSync(guardLog, 'utf8').split('nonce-asked').length - 1;

test('helpdesk enrols a card by its key once its issuer is on the list, and the person chooses a PIN with it', async () => {
  await admin.do('card-authorities/add', { body: { name: '病院のカード', certificate: issuer.authority } });
  await admin.do('ceremonies/begin', { body: { task: 'card', person: person.id, terminal, label: '職員証' } });
  await screen.shows('ceremony');
  await hold(card);
  await until('the card is enrolled', async () => (await screen.shows('ceremony')).picture.step === 'done');
  const [enrolled] = await cards();
  assert.deepEqual([enrolled?.technology, enrolled?.assurance], ['piv', 'pki']);
  await slot.remove();
  await screen.shows('ready');
  await lifted();
  await admin.do('ceremonies/begin', { body: { task: 'pin', person: person.id, terminal, label: '' } });
  await screen.shows('ceremony');
  await hold(card);
  for (const step of ['choose-pin', 'repeat-pin'] as const) {
    await until(step, async () => (await screen.shows('ceremony')).picture.step === step);
    screen.press([...pin, 'enter']);
  }
  await until('the PIN is set', async () => (await screen.shows('ceremony')).picture.step === 'done');
  await slot.remove();
  await screen.shows('ready');
  await lifted();
});

test('its signature and the PIN open the desktop, again and again, and no tap waits for a nonce', async () => {
  const before = asked();
  for (let login = 0; login < 3; login += 1) {
    await screen.shows('ready');
    await hold(card);
    const { picture } = await screen.shows('secret');
    assert.equal(picture.greet, '看護 花子');
    await slot.remove();
    screen.press([...pin, 'enter']);
    await screen.shows('open');
    assert.equal(screen.isOpen(), true);
    screen.call('session/lock', {}, 'badge');
    await screen.shows('ready');
    await lifted();
  }
  assert.equal(asked(), before);
  await until('the log says how', async () => {
    const { events } = await admin.do('events/list', { query: { terminal, kind: 'attempt.begun', limit: 5 } });
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
  await screen.shows('ready');
  await hold(recorder);
  await screen.shows('secret');
  await slot.remove();
  screen.call('login/cancel');
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
  assert.doesNotMatch(readFileSync(guardLog, 'utf8'), /04A1B2C3D4E5F6|"signature"|"nonce"/i);
});
