import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventFacts } from '#contract/audit.ts';
import type { TerminalId } from '#contract/ids.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { keep } from '#setup/keep.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { iso14443a } from '../card/cards.ts';
import { startReaderService } from '../card/service.ts';
import { createVirtualSlot, type VirtualSlot } from '../card/virtual-card.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import { joinScreen, type RawScreen } from './raw-screen.ts';

/** Two processes of one server on one PostgreSQL, and a terminal that knows both. */
const folder = mkdtempSync(join(tmpdir(), 'kazasu-two-servers-'));
const stops = createStops();
const pin = '40718293';
const card = iso14443a('04A1B2C3D4E5F6');
let servers: readonly ServerHouse[] = [];
let admin: ConsoleClient;
let slot: VirtualSlot;
let screen: RawScreen;
let terminal: TerminalId;
let opened = 0;

async function startServers(): Promise<readonly ServerHouse[]> {
  const database = await keep({
    name: 'database',
    command: node,
    args: [join(root, 'server', 'testing-database.ts')],
    cwd: root,
    log: join(folder, 'database.log'),
    ready: { line: /^\{"ready":true.*\}$/ },
    orphanSignal: 'SIGTERM',
    stopWithin: 10_000,
  });
  stops.add(database.stop);
  const { connectionString } = JSON.parse(database.match()?.[0] ?? '{}') as { connectionString: string };
  const env = { DATABASE_URL: connectionString };
  const first = await startServer({ folder: join(folder, 'first'), port: await freePort(), env });
  stops.add(first.stop);
  // Keys and authority are the same for all.
  cpSync(join(folder, 'first'), join(folder, 'second'), { recursive: true });
  const second = await startServer({ folder: join(folder, 'second'), port: await freePort(), env });
  stops.add(second.stop);
  return [first, second];
}

const tap = async (): Promise<void> => {
  await slot.insert(card);
  await until('the reader sees the card', () => slot.seenAt() !== undefined);
};
const tapAndLift = async (): Promise<void> => {
  await screen.shows('ready');
  await tap();
  await screen.shows('secret');
  await slot.remove();
};
const enter = (): void => screen.press([...pin, 'enter']);
const lock = async (): Promise<void> => {
  opened += 1;
  screen.call('session/lock', {}, 'badge');
  await screen.shows('ready');
  await lifted();
};
const logIn = async (): Promise<void> => {
  await tapAndLift();
  enter();
  await screen.shows('open');
  await lock();
};
const outcomes = ['open', 'refused'] as const;
const pictureNow = (): string | undefined => {
  const last = screen.heard.findLast(({ message }) => message.kind === 'view')?.message;
  return last?.kind === 'view' ? last.view.picture.kind : undefined;
};
const list = async (kind: EventFacts['kind']) =>
  (await admin.do('events/list', { query: { terminal, kind, limit: 200 } })).events;

before(async () => {
  const [started, keyring, readers] = await Promise.all([
    startServers(),
    openKeyring({ folder: join(folder, 'keyring'), own: true }),
    startReaderService({ folder: join(folder, 'readers'), slots: 1 }),
  ]);
  stops.add(keyring.stop);
  stops.add(readers.stop);
  servers = started;
  // The one that started last has made the link.
  const last = servers.at(-1);
  assert.ok(last);
  admin = createClient(last.origin, last.authority);
  stops.add(admin.close);
  await becomeFirstAdmin(admin, last.firstAdmin() ?? '');
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
      KAZASU_SERVER: servers.map(({ origin }) => origin).join(),
      KAZASU_AUTHORITY: last.authority,
      KAZASU_GUARD_SOCKET: socket,
      PCSCLITE_CSOCK_NAME: readers.socket,
      KAZASU_ENROLMENT_CODE: announced.code,
    },
    log: join(folder, 'guard.log'),
    ready: { line: /^\{"ready":true.*\}$/ },
  });
  stops.add(guard.stop);
  screen = await joinScreen(socket);
  stops.add(() => screen.close());
  await screen.shows('ready', 15_000);
  const { person } = await admin.do('people/add', {
    body: { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician'] },
  });
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
  enter();
  await until('it is asked for again', async () => (await screen.shows('ceremony')).picture.step === 'repeat-pin');
  enter();
  await until('the PIN is set', async () => (await screen.shows('ceremony')).picture.step === 'done');
  await slot.remove();
  await screen.shows('ready');
  await lifted();
});
after(async () => {
  await stops.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a login goes on at the other server when its own is killed between card and PIN', async () => {
  // One after the other, so the one that the terminal speaks to is among them.
  for (const server of servers) {
    await tapAndLift();
    const died = new Promise<void>((resolve) =>
      stops.add(server.process.listen(({ kind }) => kind === 'died' && resolve())),
    );
    server.process.kill('SIGKILL');
    await died;
    screen.press([...pin]);
    await until('the digits are shown', async () => (await screen.shows('secret')).picture.typed === pin.length);
    screen.press(['enter']);
    await screen.shows('open');
    await lock();
    await server.process.whenReady();
  }
});

test('a server that is killed while it checks a PIN costs that try at most', async () => {
  for (const [round, pause] of [0, 20, 60, 120, 200, 5].entries()) {
    const server = servers[round % servers.length];
    await tapAndLift();
    enter();
    await delay(pause);
    server?.process.kill('SIGKILL');
    const outcome = await until('it opens or is refused', () => outcomes.find((kind) => kind === pictureNow()));
    if (outcome === 'open') await lock();
    else {
      screen.call('login/cancel');
      await lifted();
      await logIn();
    }
    await server?.process.whenReady();
  }
});

test('no event of all that was lost or doubled, and the link was never lost', async () => {
  const wasUnreachable = screen.heard.some(
    ({ message: { kind, ...rest } }) => kind === 'view' && JSON.stringify(rest).includes('server-unreachable'),
  );
  assert.equal(wasUnreachable, false);
  await until('the log has every opening', async () => (await list('screen.opened')).length >= opened);
  assert.equal((await list('screen.opened')).length, opened);
  assert.equal((await list('screen.locked')).length, opened);
  assert.deepEqual(await list('link.lost'), []);
  const sessions = async (kind: 'session.began' | 'session.ended') =>
    (await list(kind)).map(({ session }) => session).sort();
  const began = await sessions('session.began');
  assert.ok(began.length >= opened);
  await until('every session has ended', async () => (await sessions('session.ended')).length >= began.length);
  assert.deepEqual(await sessions('session.ended'), began);
  assert.equal(new Set(began).size, began.length);
});
