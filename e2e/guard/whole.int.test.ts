import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import type { TerminalId } from '#contract/ids.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { type Kept, keep } from '#setup/keep.ts';
import { type Keyring, openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import { type ReaderService, startReaderService } from '../card/service.ts';
import { createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import { joinScreen, type RawScreen } from './raw-screen.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-guard-'));
const stops = createStops();
const pin = '40718293';
const uid = '04A1B2C3D4E5F6';
const card = iso14443a(uid);

let server: ServerHouse;
let admin: ConsoleClient;
let keyring: Keyring;
let readers: ReaderService;
let slot: VirtualSlot;
let guard: Kept;
let screen: RawScreen;
let person: PersonSummary;
let terminal: TerminalId;
const socket = join(folder, 'run', 'guard.sock');
const guardLog = join(folder, 'guard.log');

const guardEnvironment = (code?: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
  ...keyring.env,
  KAZASU_DATA: join(folder, 'guard'),
  KAZASU_SERVER: server.origin,
  KAZASU_AUTHORITY: server.authority,
  KAZASU_GUARD_SOCKET: socket,
  KAZASU_LOG: 'debug',
  PCSCLITE_CSOCK_NAME: readers.socket,
  ...(code === undefined ? {} : { KAZASU_ENROLMENT_CODE: code }),
});

async function startGuard(code?: string): Promise<Kept> {
  return keep({
    name: 'guard',
    command: node,
    args: [join(root, 'guard', 'start.ts')],
    cwd: root,
    env: guardEnvironment(code),
    log: guardLog,
    ready: { line: /^\{"ready":true.*\}$/ },
  });
}

async function tap(): Promise<void> {
  await slot.insert(card);
  await until('the reader sees the card', () => slot.seenAt() !== undefined);
}

async function logIn(): Promise<void> {
  await screen.shows('ready');
  await tap();
  await screen.shows('secret');
  await slot.remove();
  screen.press([...pin, 'enter']);
  await screen.shows('open');
}

before(async () => {
  [server, keyring, readers] = await Promise.all([
    freePort().then((port) =>
      // Nobody goes on without the server here; `offline.int.test.ts` has who does.
      startServer({ folder: join(folder, 'server'), port, env: { KAZASU_POLICY: '{"offline":{"hours":0}}' } }),
    ),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
    startReaderService({ folder: join(folder, 'readers'), slots: 1 }),
  ]);
  stops.add(server.stop);
  stops.add(keyring.stop);
  stops.add(readers.stop);
  admin = createClient(server.origin, server.authority);
  stops.add(admin.close);
  const link = server.firstAdmin();
  assert.ok(link);
  await becomeFirstAdmin(admin, link);
  const announced = await admin.do('terminals/announce', { body: { name: '3E-01', place: '3階東病棟' } });
  terminal = announced.terminal;
  slot = createVirtualSlot(readers.ports[0] ?? 0);
  stops.add(slot.remove);
  guard = await startGuard(announced.code);
  stops.add(() => guard.stop());
  screen = await joinScreen(socket);
  stops.add(() => screen.close());
  person = (
    await admin.do('people/add', {
      body: { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician'] },
    })
  ).person;
});

after(async () => {
  await stops.stop();
  if (process.env['KAZASU_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`${folder}\n`);
});

test('a terminal enrols with a one-time code, keeps its key out of its folder, and is ready', async () => {
  await screen.shows('ready', 15_000);
  const own = join(folder, 'guard');
  for (const name of readdirSync(own)) {
    const path = join(own, name);
    if (statSync(path).isFile()) assert.doesNotMatch(readFileSync(path, 'utf8'), /PRIVATE KEY/);
  }
  assert.equal(statSync(join(own, 'terminal.json')).mode & 0o077, 0);
  assert.equal(statSync(socket).mode & 0o077, 0);
});

test('an unknown card is refused with a support code', async () => {
  await tap();
  const { picture } = await screen.shows('refused');
  assert.equal(picture.why, 'card');
  assert.match(picture.supportCode ?? '', /^\w{3}-\w{3}-\w{3}$/);
  assert.equal(screen.isOpen(), false);
  await slot.remove();
  await lifted();
  screen.call('login/cancel');
});

test('helpdesk has the card and the PIN enrolled at the terminal', async () => {
  await screen.shows('ready');
  await admin.do('ceremonies/begin', { body: { task: 'card', person: person.id, terminal, label: '職員証' } });
  await screen.shows('ceremony');
  await tap();
  await until('the card is enrolled', async () => (await screen.shows('ceremony')).picture.step === 'done');
  await slot.remove();
  await screen.shows('ready');
  await lifted();
  await admin.do('ceremonies/begin', { body: { task: 'pin', person: person.id, terminal, label: '' } });
  await screen.shows('ceremony');
  await tap();
  await until('a PIN is asked for', async () => (await screen.shows('ceremony')).picture.step === 'choose-pin');
  screen.press([...pin, 'enter']);
  await until('it is asked for again', async () => (await screen.shows('ceremony')).picture.step === 'repeat-pin');
  screen.press([...pin, 'enter']);
  await until('the PIN is set', async () => (await screen.shows('ceremony')).picture.step === 'done');
  await slot.remove();
  await screen.shows('ready');
  await lifted();
});

test('card and PIN open the desktop under a lease; the lock button ends it and the session', async () => {
  await screen.shows('ready');
  await tap();
  const asked = await screen.shows('secret');
  assert.equal(asked.picture.greet, '看護 花子');
  await slot.remove();
  screen.press([...'11223344', 'enter']);
  const wrong = await until('the wrong PIN is refused', async () => {
    const { picture } = await screen.shows('secret');
    return picture.wrong && picture;
  });
  assert.equal(typeof wrong.wrong?.triesLeft, 'number');
  assert.equal(screen.isOpen(), false);
  screen.press([...pin, 'enter']);
  const { cover, picture } = await screen.shows('open');
  assert.equal(cover, false);
  assert.equal(picture.number, '100001');
  assert.equal(screen.isOpen(), true);
  screen.call('session/lock', {}, 'badge');
  await screen.shows('ready');
  assert.equal(screen.isOpen(), false);
  await until('the log has it all', async () => {
    const { events } = await admin.do('events/list', { query: { terminal, limit: 200 } });
    const kinds = new Set(events.map(({ kind }) => kind));
    return (
      [
        'terminal.enrolled',
        'guard.started',
        'screen.joined',
        'proof.refused',
        'session.began',
        'screen.opened',
        'screen.locked',
        'session.ended',
      ] as const
    ).every((kind) => kinds.has(kind));
  });
  await lifted();
});

test('a guard that is killed while the desktop is open leaves it covered, and ends the session when it is back', async () => {
  await logIn();
  const { sessions } = await admin.do('people/show', { params: { person: person.id } });
  assert.equal(sessions.length, 1);
  guard.kill('SIGKILL');
  await until('the desktop is covered', () => !screen.isOpen(), 2_500);
  await guard.whenReady();
  screen = await joinScreen(socket);
  assert.equal((await screen.shows('ready', 15_000)).cover, true);
  await until('the session has ended', async () => {
    const shown = await admin.do('people/show', { params: { person: person.id } });
    return shown.sessions.length === 0;
  });
  await until('the log says so', async () => {
    const { events } = await admin.do('events/list', { query: { terminal, kind: 'screen.locked' } });
    return events.some(({ reason, session }) => reason === 'start' && session === sessions[0]?.id);
  });
});

test('a guard that hung longer than its lease does not show the desktop again', async () => {
  await logIn();
  const leases = () => screen.heard.filter(({ message }) => message.kind === 'lease').length;
  guard.kill('SIGSTOP');
  await until('the lease has run out', () => !screen.isOpen(), 2_500);
  const before = leases();
  guard.kill('SIGCONT');
  await screen.shows('ready');
  assert.equal(leases(), before);
  await lifted();
});

test('a guard that is told to end covers the desktop, ends the session and says so before it goes', async () => {
  await logIn();
  await guard.stop();
  assert.equal(screen.isOpen(), false);
  assert.deepEqual((await admin.do('people/show', { params: { person: person.id } })).sessions, []);
  const { events } = await admin.do('events/list', { query: { terminal, limit: 5 } });
  assert.ok(events.some(({ kind }) => kind === 'guard.stopped'));
  assert.ok(events.some(({ kind, reason }) => kind === 'screen.locked' && reason === 'guard-stopped'));
  guard = await startGuard();
  screen = await joinScreen(socket);
  await screen.shows('ready', 15_000);
  await lifted();
});

test('a reader process that is killed comes back, and takes cards again', async () => {
  const pid = guard.pid();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.equal(children.length, 1);
  process.kill(children[0] ?? 0, 'SIGKILL');
  const { picture } = await screen.shows('not-ready');
  assert.equal(picture.why, 'starting');
  await screen.shows('ready');
  await lifted();
  await tap();
  await screen.shows('secret');
  await slot.remove();
  screen.call('login/cancel');
  await screen.shows('ready');
  await lifted();
});

test('a reader service that goes is named, and one that comes back is found', async () => {
  await readers.kill();
  await until('no service', async () => (await screen.shows('not-ready')).picture.why === 'no-service');
  await readers.restart();
  await screen.shows('ready', 10_000);
});

test('a server that dies is named, and found again; what happened meanwhile reaches its log', async () => {
  server.process.kill('SIGKILL');
  await until('unreachable', async () => (await screen.shows('not-ready')).picture.why === 'server-unreachable');
  await tap();
  assert.equal((await screen.shows('refused')).picture.why, 'server');
  await slot.remove();
  await server.process.whenReady();
  await screen.shows('refused');
  screen.call('login/cancel');
  await screen.shows('ready', 15_000);
  await until('the log says so', async () => {
    const { events } = await admin.do('events/list', { query: { terminal, kind: 'link.lost' } });
    return events.length > 0;
  });
  await lifted();
});

test('a second guard on the same socket says why it does not start', async () => {
  const second = spawn(node, [join(root, 'guard', 'start.ts')], {
    env: guardEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  second.stderr.on('data', (text) => (said += text));
  // The screen of the first one has to go on answering meanwhile.
  assert.deepEqual(await once(second, 'close'), [1, null]);
  assert.match(said, /Another guard is running/);
});

test('without a keychain the guard says so and stays not enrolled', async () => {
  const own = join(folder, 'run', 'other.sock');
  const { DBUS_SESSION_BUS_ADDRESS: _, ...without } = guardEnvironment('some-code');
  const env = { ...without, KAZASU_DATA: join(folder, 'other'), KAZASU_GUARD_SOCKET: own, XDG_RUNTIME_DIR: folder };
  const other = spawn(node, [join(root, 'guard', 'start.ts')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  other.stderr.on('data', (text) => (said += text));
  const eyes = await joinScreen(own);
  try {
    await until(
      'not enrolled',
      async () => (await eyes.shows('not-ready', 15_000)).picture.why === 'not-enrolled',
      15_000,
    );
    assert.match(said, /No keychain answers/);
    assert.ok(!readdirSync(join(folder, 'other')).includes('terminal.json'));
  } finally {
    const ended = once(other, 'exit');
    other.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    eyes.close();
  }
});

test('a revoked card locks its person at once, and the receipt says when', async () => {
  await logIn();
  const shown = await admin.do('people/show', { params: { person: person.id } });
  const held = shown.cards[0];
  assert.ok(held);
  const began = performance.now();
  await admin.do('cards/revoke', { params: { card: held.id }, body: { reason: 'lost' } });
  await screen.shows('ready');
  assert.equal(screen.isOpen(), false);
  const covered = screen.heard.findLast(({ message }) => message.kind === 'cover');
  assert.ok(covered && covered.at - began < 1_000);
  await until('the receipt is there', async () => {
    const { revocations } = await admin.do('revocations/list', { query: { limit: 1 } });
    const receipt = revocations[0]?.receipts.find((each) => each.terminal === terminal);
    return receipt?.state === 'confirmed' && receipt.lockedAt !== null;
  });
});

test('nothing that was typed and no identifier stands in the log or the folder of the guard', () => {
  const files = readdirSync(join(folder, 'guard'), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(folder, 'guard', name),
  );
  for (const path of [guardLog, ...files]) {
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, 'utf8').toUpperCase();
    assert.ok(!text.includes(uid), path);
    assert.ok(!text.includes(pin), path);
    assert.ok(!text.includes('11223344'), path);
  }
});
