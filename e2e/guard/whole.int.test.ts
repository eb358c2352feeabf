import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PersonSummary } from '#contract/api/people.ts';
import type { EventFacts } from '#contract/audit.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import { joinScreen, type RawScreen } from './raw-screen.ts';
import { createWard, usual, type Ward } from './ward.ts';

const folder = mkdtempSync(join(tmpdir(), 'kazasu-guard-'));
const stops = createStops();
const uid = '04A1B2C3D4E5F6';

let server: ServerHouse;
let admin: ConsoleClient;
let ward: Ward;
let person: PersonSummary;

const screen = (): RawScreen => ward.screen();
const tap = (): Promise<void> => ward.hold(usual.card);
const events = async (query: { readonly kind?: EventFacts['kind']; readonly limit: number }) =>
  (await admin.do('events/list', { query: { terminal: ward.id(), ...query } })).events;

async function logIn(): Promise<void> {
  await screen().shows('ready');
  await tap();
  await screen().shows('secret');
  await ward.slot.remove();
  screen().press([...usual.pin, 'enter']);
  await screen().shows('open');
}

before(async () => {
  const [started, keyring] = await Promise.all([
    freePort().then((port) =>
      // Nobody goes on without the server here; `offline.int.test.ts` has who does.
      startServer({ folder: join(folder, 'server'), port, env: { KAZASU_POLICY: '{"offline":{"hours":0}}' } }),
    ),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
  ]);
  server = started;
  for (const each of [server, keyring]) stops.add(each.stop);
  admin = createClient(server.origin, server.authority);
  stops.add(admin.close);
  const link = server.firstAdmin();
  assert.ok(link);
  await becomeFirstAdmin(admin, link);
  ward = await createWard({ folder, name: '3E-01', server: () => server, keyring, stops });
  const { code } = await admin.do('terminals/announce', { body: { name: '3E-01', place: '3階東病棟' } });
  await ward.start(code);
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
  await screen().shows('ready', 15_000);
  const own = ward.folder;
  for (const name of readdirSync(own)) {
    const path = join(own, name);
    if (statSync(path).isFile()) assert.doesNotMatch(readFileSync(path, 'utf8'), /PRIVATE KEY/);
  }
  assert.equal(statSync(join(own, 'terminal.json')).mode & 0o077, 0);
  assert.equal(statSync(ward.socket).mode & 0o077, 0);
});

test('an unknown card is refused with a support code', async () => {
  await tap();
  const { picture } = await screen().shows('refused');
  assert.equal(picture.why, 'card');
  assert.match(picture.supportCode ?? '', /^\w{3}-\w{3}-\w{3}$/);
  assert.equal(screen().isOpen(), false);
  await ward.slot.remove();
  await lifted();
  screen().call('login/cancel');
});

test('helpdesk has the card and the PIN enrolled at the terminal', async () => {
  await ward.enrol(admin, person);
  await lifted();
});

test('card and PIN open the desktop under a lease; the lock button ends it and the session', async () => {
  await screen().shows('ready');
  await tap();
  const asked = await screen().shows('secret');
  assert.equal(asked.picture.greet, '看護 花子');
  await ward.slot.remove();
  screen().press([...'11223344', 'enter']);
  const wrong = await until('the wrong PIN is refused', async () => {
    const { picture } = await screen().shows('secret');
    return picture.wrong && picture;
  });
  assert.equal(typeof wrong.wrong?.triesLeft, 'number');
  assert.equal(screen().isOpen(), false);
  screen().press([...usual.pin, 'enter']);
  const { cover, picture } = await screen().shows('open');
  assert.equal(cover, false);
  assert.equal(picture.number, '100001');
  assert.equal(screen().isOpen(), true);
  screen().call('session/lock', {}, 'badge');
  await screen().shows('ready');
  assert.equal(screen().isOpen(), false);
  await until('the log has it all', async () => {
    const kinds = new Set((await events({ limit: 200 })).map(({ kind }) => kind));
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
  ward.guard().kill('SIGKILL');
  await until('the desktop is covered', () => !screen().isOpen(), 2_500);
  await ward.guard().whenReady();
  await ward.join();
  assert.equal((await screen().shows('ready', 15_000)).cover, true);
  await until('the session has ended', async () => {
    const shown = await admin.do('people/show', { params: { person: person.id } });
    return shown.sessions.length === 0;
  });
  await until('the log says so', async () => {
    const locked = await events({ kind: 'screen.locked', limit: 50 });
    return locked.some(({ reason, session }) => reason === 'start' && session === sessions[0]?.id);
  });
});

test('a guard that hung longer than its lease does not show the desktop again', async () => {
  await logIn();
  const leases = () => screen().heard.filter(({ message }) => message.kind === 'lease').length;
  ward.guard().kill('SIGSTOP');
  await until('the lease has run out', () => !screen().isOpen(), 2_500);
  const before = leases();
  ward.guard().kill('SIGCONT');
  await screen().shows('ready');
  assert.equal(leases(), before);
  await lifted();
});

test('a guard that is told to end covers the desktop, ends the session and says so before it goes', async () => {
  await logIn();
  const before = screen();
  await ward.guard().stop();
  assert.equal(before.isOpen(), false);
  assert.deepEqual((await admin.do('people/show', { params: { person: person.id } })).sessions, []);
  const last = await events({ limit: 5 });
  assert.ok(last.some(({ kind }) => kind === 'guard.stopped'));
  assert.ok(last.some(({ kind, reason }) => kind === 'screen.locked' && reason === 'guard-stopped'));
  await ward.start();
  await screen().shows('ready', 15_000);
  await lifted();
});

test('a reader process that is killed comes back, and takes cards again', async () => {
  const pid = ward.guard().pid();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.equal(children.length, 1);
  process.kill(children[0] ?? 0, 'SIGKILL');
  const { picture } = await screen().shows('not-ready');
  assert.equal(picture.why, 'starting');
  await screen().shows('ready');
  await lifted();
  await tap();
  await screen().shows('secret');
  await ward.slot.remove();
  screen().call('login/cancel');
  await screen().shows('ready');
  await lifted();
});

test('a reader service that goes is named, and one that comes back is found', async () => {
  await ward.readers.kill();
  await until('no service', async () => (await screen().shows('not-ready')).picture.why === 'no-service');
  await ward.readers.restart();
  await screen().shows('ready', 10_000);
});

test('a server that dies is named, and found again; what happened meanwhile reaches its log', async () => {
  server.process.kill('SIGKILL');
  await until('unreachable', async () => (await screen().shows('not-ready')).picture.why === 'server-unreachable');
  await tap();
  assert.equal((await screen().shows('refused')).picture.why, 'server');
  await ward.slot.remove();
  await server.process.whenReady();
  await screen().shows('refused');
  screen().call('login/cancel');
  await screen().shows('ready', 15_000);
  await until('the log says so', async () => {
    return (await events({ kind: 'link.lost', limit: 1 })).length > 0;
  });
  await lifted();
});

test('a second guard on the same socket says why it does not start', async () => {
  const second = spawn(node, [join(root, 'guard', 'start.ts')], {
    env: ward.env(),
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
  const { DBUS_SESSION_BUS_ADDRESS: _, ...without } = ward.env('some-code');
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
  await screen().shows('ready');
  assert.equal(screen().isOpen(), false);
  const covered = screen().heard.findLast(({ message }) => message.kind === 'cover');
  assert.ok(covered && covered.at - began < 1_000);
  await until('the receipt is there', async () => {
    const { revocations } = await admin.do('revocations/list', { query: { limit: 1 } });
    const receipt = revocations[0]?.receipts.find((each) => each.terminal === ward.id());
    return receipt?.state === 'confirmed' && receipt.lockedAt !== null;
  });
});

test('nothing that was typed and no identifier stands in the log or the folder of the guard', () => {
  const files = readdirSync(ward.folder, { recursive: true, encoding: 'utf8' }).map((name) => join(ward.folder, name));
  for (const path of [ward.log, ...files]) {
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, 'utf8').toUpperCase();
    assert.ok(!text.includes(uid), path);
    assert.ok(!text.includes(usual.pin), path);
    assert.ok(!text.includes('11223344'), path);
  }
});
