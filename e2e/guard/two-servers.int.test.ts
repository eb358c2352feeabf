import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventFacts } from '#contract/audit.ts';
import { type ServerHouse, startServer } from '#setup/house.ts';
import { keep } from '#setup/keep.ts';
import { openKeyring } from '#setup/keyring.ts';
import { node, root } from '#setup/paths.ts';
import { createStops } from '#setup/stops.ts';
import { becomeFirstAdmin, type ConsoleClient, createClient } from '../client.ts';
import { freePort, lifted, until } from '../world.ts';
import type { RawScreen } from './raw-screen.ts';
import { createWard, usual, type Ward } from './ward.ts';

/** Two processes of one server on one PostgreSQL, and a terminal that knows both. */
const folder = mkdtempSync(join(tmpdir(), 'kazasu-two-servers-'));
const stops = createStops();
let servers: readonly ServerHouse[] = [];
let admin: ConsoleClient;
let ward: Ward;
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
  // Keys and authority are the same for all. What the first one is writing at this moment is gone in the next.
  const isWhole = (path: string): boolean => !path.includes('.new-');
  cpSync(join(folder, 'first'), join(folder, 'second'), { recursive: true, filter: isWhole });
  const second = await startServer({ folder: join(folder, 'second'), port: await freePort(), env });
  stops.add(second.stop);
  return [first, second];
}

const screen = (): RawScreen => ward.screen();
const tapAndLift = async (): Promise<void> => {
  await screen().shows('ready');
  await ward.hold(usual.card);
  await screen().shows('secret');
  await ward.slot.remove();
};
const enter = (): void => screen().press([...usual.pin, 'enter']);
const lock = async (): Promise<void> => {
  opened += 1;
  screen().call('session/lock', {}, 'badge');
  await screen().shows('ready');
  await lifted();
};
const outcomes = ['open', 'refused'] as const;
const pictureNow = (): string | undefined => {
  const last = screen().heard.findLast(({ message }) => message.kind === 'view')?.message;
  return last?.kind === 'view' ? last.view.picture.kind : undefined;
};
const list = async (kind: EventFacts['kind']) =>
  (await admin.do('events/list', { query: { terminal: ward.id(), kind, limit: 200 } })).events;

before(async () => {
  const [started, keyring] = await Promise.all([
    startServers(),
    openKeyring({ folder: join(folder, 'keyring'), own: true }).then((opened) => {
      // At once: where the servers do not start it would keep this process running.
      stops.add(opened.stop);
      return opened;
    }),
  ]);
  servers = started;
  // The one that started last has made the link.
  const last = servers.at(-1);
  assert.ok(last);
  admin = createClient(last.origin, last.authority);
  stops.add(admin.close);
  await becomeFirstAdmin(admin, last.firstAdmin() ?? '');
  const origin = servers.map((server) => server.origin).join();
  ward = await createWard({ folder, name: '3E-01', server: () => ({ ...last, origin }), keyring, stops });
  const { code } = await admin.do('terminals/announce', { body: { name: '3E-01', place: '3階東病棟' } });
  await ward.start(code);
  const { person } = await admin.do('people/add', {
    body: { number: '100001', name: '看護 花子', kana: 'カンゴ ハナコ', roles: ['clinician'] },
  });
  await ward.enrol(admin, person);
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
    screen().press([...usual.pin]);
    await until(
      'the digits are shown',
      async () => (await screen().shows('secret')).picture.typed === usual.pin.length,
    );
    screen().press(['enter']);
    await screen().shows('open');
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
      screen().call('login/cancel');
      await lifted();
      await ward.logIn();
      opened += 1;
    }
    await server?.process.whenReady();
  }
});

test('no event of all that was lost or doubled, and the link was never lost', async () => {
  const wasUnreachable = screen().heard.some(
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
