import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { EventInput } from '#contract/audit.ts';
import { type ToScreen, toScreen } from '#contract/screen.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { listenLocally, SocketTaken } from './local-socket.ts';
import { createLog } from './log.ts';
import { type ScreenLink, startScreenLink } from './screen-link.ts';

let folder = '';
let path = '';
let link: ScreenLink | undefined;
let events: LoginEvent[] = [];
let recorded: EventInput[] = [];
let changed = Promise.withResolvers<void>();
/** Milliseconds that have passed beside the clock. */
let passed = 0;
const sockets: Socket[] = [];

function note<Kind>(list: Kind[], item: Kind): void {
  list.push(item);
  changed.resolve();
  changed = Promise.withResolvers();
}
/** Waits until what was noted fulfils this. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await changed.promise;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-link-'));
  path = join(folder, 'run', 'guard.sock');
  events = [];
  recorded = [];
  passed = 0;
  const server = await listenLocally(path);
  link = startScreenLink({
    server,
    onEvent: (event) => note(events, event),
    greetings: () => [{ kind: 'ping', id: 7 }],
    onResume: () => undefined,
    record: (facts) => note(recorded, facts),
    now: () => performance.now() + passed,
    log: createLog({ level: 'error', now: () => new Date(), write: () => undefined }),
    pings: { every: 20, limit: 120 },
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await link?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: { hello?: boolean; pong?: boolean } = {}) {
  const socket = connect(path);
  sockets.push(socket);
  socket.on('error', () => undefined);
  const heard: ToScreen[] = [];
  const say = (message: unknown) =>
    void socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const message = toScreen.parse(JSON.parse(line));
    note(heard, message);
    if (message.kind === 'ping' && options.pong !== false) say({ kind: 'pong', id: message.id });
  });
  await once(socket, 'connect');
  if (options.hello !== false) say({ kind: 'hello', pid: 1, runtime: 'test' });
  return { socket, heard, say };
}
const answerOf = (heard: readonly ToScreen[], id: number) =>
  heard.find((message) => message.kind === 'answer' && message.id === id) as Extract<ToScreen, { kind: 'answer' }>;
/** Also when it ends in an error. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));
const kinds = () => events.map(({ kind }) => kind);

test('the socket and its folder are for their owner alone', () => {
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o700);
});

test('a screen joins with hello, is told where things stand, and its calls become events', async () => {
  const { heard, say } = await open();
  await until(() => kinds().includes('screen-joined') && heard.length > 0);
  assert.deepEqual(heard[0], { kind: 'ping', id: 7 });
  const sent: [string, object, string, LoginEvent][] = [
    ['login/press', { key: '5' }, 'lock', { kind: 'pressed', key: '5' }],
    ['login/choose-factor', { factor: 'totp' }, 'lock', { kind: 'factor-chosen', factor: 'totp' }],
    ['login/cancel', {}, 'lock', { kind: 'cancelled' }],
    ['session/lock', {}, 'badge', { kind: 'lock-asked', reason: 'button' }],
    ['session/stay', {}, 'badge', { kind: 'stayed' }],
    ['session/open-console', {}, 'badge', { kind: 'console-asked' }],
  ];
  for (const [id, [name, request, window]] of sent.entries()) say({ kind: 'call', id, window, name, request });
  await until(() => answerOf(heard, 5) !== undefined);
  assert.deepEqual(
    events.slice(1),
    sent.map(([, , , event]) => event),
  );
  assert.ok(sent.every((_, id) => answerOf(heard, id).result.ok));
  assert.deepEqual(
    recorded.map(({ kind }) => kind),
    ['screen.joined'],
  );
});

test('reports become events: covered for a lock, idle, suspend, the operating system’s lock', async () => {
  const { say } = await open();
  const lock = '22222222-2222-4222-8222-222222222222';
  say({ kind: 'cover-state', lock, covered: false, displays: 2 });
  say({ kind: 'cover-state', lock: null, covered: true, displays: 2 });
  say({ kind: 'cover-state', lock, covered: true, displays: 2 });
  say({ kind: 'idle', seconds: 3 });
  say({ kind: 'power', what: 'suspend' });
  say({ kind: 'power', what: 'resume' });
  say({ kind: 'power', what: 'lock-requested' });
  await until(() => events.length === 5);
  assert.deepEqual(events.slice(1), [
    { kind: 'covered', lock },
    { kind: 'idle-reported', seconds: 3 },
    { kind: 'lock-asked', reason: 'suspend' },
    { kind: 'lock-asked', reason: 'button' },
  ]);
});

test('a call that is unknown, of another window, of main, or badly shaped is refused, recorded and no event', async () => {
  const { heard, say } = await open();
  await until(() => kinds().includes('screen-joined'));
  const refused: [string, unknown, string, string][] = [
    ['login/unlock', {}, 'lock', 'REQUEST_UNKNOWN'],
    ['constructor', {}, 'lock', 'REQUEST_UNKNOWN'],
    ['settings/change', { language: 'ja' }, 'lock', 'REQUEST_UNKNOWN'],
    ['session/stay', {}, 'lock', 'REQUEST_FOREIGN'],
    ['login/press', { key: '5' }, 'badge', 'REQUEST_FOREIGN'],
    ['login/press', { key: '12' }, 'lock', 'REQUEST_INVALID'],
    ['login/press', { key: '1', more: true }, 'lock', 'REQUEST_INVALID'],
    ['login/cancel', null, 'lock', 'REQUEST_INVALID'],
  ];
  for (const [id, [name, request, window]] of refused.entries()) say({ kind: 'call', id, window, name, request });
  say('not json');
  say({ kind: 'open', session: 'please' });
  say({ kind: 'call-refused', window: 'x'.repeat(500), name: 'window/open', why: 'foreign-sender' });
  await until(() => recorded.length === 1 + refused.length + 3);
  await until(() => answerOf(heard, refused.length - 1) !== undefined);
  for (const [id, [, , , code]] of refused.entries()) {
    const { result } = answerOf(heard, id);
    assert.ok(!result.ok && result.failure.code === code);
  }
  assert.deepEqual(kinds(), ['screen-joined']);
  assert.ok(recorded.slice(1).every(({ kind }) => kind === 'screen.call-refused'));
});

test('a window gone mad does not fill the journal', async () => {
  const { heard, say } = await open();
  for (let id = 0; id < 500; id += 1) say({ kind: 'call', id, window: 'lock', name: 'no/such', request: {} });
  await until(() => answerOf(heard, 499) !== undefined);
  assert.equal(recorded.filter(({ kind }) => kind === 'screen.call-refused').length, 20);
});

test('what was made anew is recorded with what it was, and not without end', async () => {
  const { heard, say } = await open();
  for (let each = 0; each < 40; each += 1) say({ kind: 'repaired', what: 'lock page: crashed' });
  say({ kind: 'call', id: 7, window: 'lock', name: 'no/such', request: {} });
  await until(() => answerOf(heard, 7) !== undefined);
  const repairs = recorded.filter(({ kind }) => kind === 'screen.repaired');
  assert.equal(repairs.length, 20);
  assert.deepEqual(repairs[0]?.detail, { what: 'lock page: crashed' });
});

test('whose files were altered is recorded once for each finding, and does not join', async () => {
  const findings = [
    { first: 'resources/app.asar', count: 1 },
    { first: 'resources/app.asar', count: 1 },
    { first: 'electron', count: 3 },
  ];
  for (const finding of findings) {
    const { socket, say } = await open({ hello: false });
    const closed = closeOf(socket);
    say({ kind: 'altered', ...finding });
    await closed;
  }
  assert.deepEqual(
    recorded.map(({ kind, outcome, detail }) => ({ kind, outcome, detail })),
    [
      { kind: 'screen.altered', outcome: 'serious', detail: { first: 'resources/app.asar', files: 1 } },
      { kind: 'screen.altered', outcome: 'serious', detail: { first: 'electron', files: 3 } },
    ],
  );
  assert.deepEqual(events, []);
});

test('findings without end are not recorded without end, and one that has joined finds nothing', async () => {
  const find = async (count: number) => {
    const { socket, say } = await open({ hello: false });
    const closed = closeOf(socket);
    say({ kind: 'altered', first: 'electron', count });
    await closed;
  };
  for (let count = 1; count <= 30; count += 1) await find(count);
  assert.equal(recorded.length, 20);
  passed = 61_000;
  for (const _ of [1, 2]) await find(30);
  assert.deepEqual(
    recorded.slice(20).map(({ detail }) => detail?.['files']),
    [30],
    'what goes on is one event of the next minute',
  );
  recorded.length = 0;
  const { say } = await open();
  say({ kind: 'altered', first: 'electron', count: 1 });
  while (recorded.length < 2) await immediate();
  assert.deepEqual(
    recorded.map(({ kind }) => kind),
    ['screen.joined', 'screen.call-refused'],
  );
});

test('who does not begin with hello, or sends an endless line, is dropped', async () => {
  const foreign = await open({ hello: false });
  const closed = closeOf(foreign.socket);
  foreign.say({ kind: 'idle', seconds: 0 });
  await closed;
  assert.deepEqual(events, []);
  const endless = await open();
  await until(() => kinds().includes('screen-joined'));
  const ended = closeOf(endless.socket);
  endless.socket.write('x'.repeat(100_000));
  await ended;
  await until(() => kinds().includes('screen-lost'));
});

test('a second screen is refused while the first answers, and taken when the first has fallen silent', async () => {
  const first = await open();
  await until(() => kinds().includes('screen-joined'));
  const second = await open();
  await closeOf(second.socket);
  assert.deepEqual(kinds(), ['screen-joined']);
  first.socket.destroy();
  await until(() => kinds().includes('screen-lost'));
  const silent = await open({ pong: false });
  await closeOf(silent.socket);
  await until(() => kinds().filter((kind) => kind === 'screen-lost').length === 2);
  await open();
  await until(() => kinds().filter((kind) => kind === 'screen-joined').length === 3);
});

test('who comes before anybody takes connections is heard as soon as somebody does', async () => {
  const place = join(folder, 'early', 'guard.sock');
  const server = await listenLocally(place);
  const screen = connect(place);
  sockets.push(screen);
  await once(screen, 'connect');
  screen.write('hello');
  const count = promisify(server.getConnections.bind(server));
  while ((await count()) === 0) await immediate();
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [said] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(said), 'hello');
  screen.destroy();
  server.close();
});

test('of several screens that came before anybody takes connections the newest is heard', async () => {
  const place = join(folder, 'early', 'guard.sock');
  const server = await listenLocally(place, 'newest');
  const count = promisify(server.getConnections.bind(server));
  const come = async (word: string) => {
    const before = await count();
    const screen = connect(place);
    sockets.push(screen);
    screen.on('error', () => undefined);
    await once(screen, 'connect');
    screen.write(word);
    while ((await count()) === before) await immediate();
    return screen;
  };
  const dead = await come('dead');
  const living = await come('living');
  const dropped = closeOf(dead);
  const heard: Socket[] = [];
  server.on('connection', (socket) => heard.push(socket));
  while (heard.length === 0) await immediate();
  assert.equal(heard.length, 1);
  const [said] = (await once(heard[0] as Socket, 'data')) as [Buffer];
  assert.equal(String(said), 'living');
  await dropped;
  living.destroy();
  server.close();
});

test('a socket that answers is not taken over; one that a dead guard left is', async () => {
  await assert.rejects(listenLocally(path), SocketTaken);
  const stale = join(folder, 'stale.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  chmodSync(folder, 0o755);
  assert.ok(existsSync(stale));
  const server = await listenLocally(stale);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  server.close();
  await once(server, 'close');
});
