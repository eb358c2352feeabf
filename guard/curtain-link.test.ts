import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import type { EventInput } from '#contract/audit.ts';
import { longestCurtainLine, type ToCurtain, toCurtain } from '#contract/curtain.ts';
import type { LockId } from '#contract/ids.ts';
import type { View } from '#contract/screen.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { type CurtainLink, startCurtainLink } from './curtain-link.ts';
import { listenLocally } from './local-socket.ts';
import { createLog } from './log.ts';

const lock = '22222222-2222-4222-8222-222222222222' as LockId;
const other = '33333333-3333-4333-8333-333333333333' as LockId;
const lease = { kind: 'lease', lock, sequence: 1, milliseconds: 2_000 } as const;
const view = (cover: boolean, terminal = '3東病棟-05') => ({ cover, terminal, helpdesk: '2119' }) as View;

let folder = '';
let path = '';
let link: CurtainLink;
let events: LoginEvent[];
let recorded: EventInput[];
let held: boolean;
let renewed: number;
let user: number | undefined;
let changed = Promise.withResolvers<void>();
const sockets: Socket[] = [];

function note<Item>(list: Item[], item: Item): void {
  list.push(item);
  changed.resolve();
  changed = Promise.withResolvers();
}
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await changed.promise;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-curtain-link-'));
  path = join(folder, 'run', 'curtain.sock');
  [events, recorded, held, renewed, user] = [[], [], false, 0, 1_000];
  link = startCurtainLink({
    server: await listenLocally(path),
    userOf: () => user,
    user: 1_000,
    onEvent: (event) => note(events, event),
    lock: () => lock,
    lease: { isHeld: () => held, renew },
    record: (facts) => note(recorded, facts),
    now: () => performance.now(),
    log: createLog({ level: 'error', now: () => new Date(), write: () => undefined }),
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await link.stop();
  rmSync(folder, { recursive: true, force: true });
});

const renew = () => {
  renewed += 1;
};

async function enter(hello = true) {
  const socket = connect(path);
  sockets.push(socket);
  socket.on('error', () => undefined);
  const heard: ToCurtain[] = [];
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  lines.on('line', (line) => note(heard, toCurtain.parse(JSON.parse(line))));
  const gone = once(socket, 'close');
  await once(socket, 'connect');
  const say = (message: object | string) =>
    void socket.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);
  if (hello) {
    say({ kind: 'curtain-hello', pid: 41 });
    await until(() => heard.length >= 2);
  }
  const state = (covered: boolean, holds: boolean, of: LockId | null = lock) =>
    say({ kind: 'curtain-state', lock: of, covered, held: holds, displays: 1 });
  return { socket, heard, say, state, gone };
}

test('nobody but the owner can reach the socket, and a curtain hears the lock and its words at once', async () => {
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o700);
  link.show(view(true));
  const { heard } = await enter();
  assert.deepEqual(heard, [
    { kind: 'cover', lock },
    { kind: 'label', terminal: '3東病棟-05', helpdesk: '2119' },
  ]);
  assert.equal(renewed, 1);
});

test('a process of another user, or whose user cannot be told, gets nothing and is recorded', async () => {
  for (const stranger of [1_001, 0, undefined]) {
    user = stranger;
    const { gone, heard } = await enter(false);
    await gone;
    assert.deepEqual(heard, []);
  }
  assert.deepEqual(
    recorded.map(({ kind, reason }) => [kind, reason]),
    [1, 2, 3].map(() => ['curtain.refused', 'foreign-user']),
  );
});

test('covered is what every curtain says of this lock, while one holds', async () => {
  const [first, second] = [await enter(), await enter()];
  assert.equal(link.isCovered(lock), false);
  first.state(true, true);
  second.state(true, false);
  await until(() => events.length > 0);
  assert.deepEqual(events, [{ kind: 'covered', lock }]);
  assert.equal(link.isCovered(lock), true);
  assert.equal(link.isCovered(other), false);
  const idle = async ({ say }: typeof first) => {
    say({ kind: 'idle', seconds: events.length });
    await until(() => events.at(-1)?.kind === 'idle-reported');
    return events.splice(0).filter(({ kind }) => kind === 'covered').length;
  };
  await idle(first);
  second.state(false, false);
  assert.equal(await idle(second), 0, 'one does not cover');
  first.state(true, true);
  assert.equal(await idle(first), 0, 'still one does not');
  first.state(true, false);
  assert.equal(await idle(first), 0);
  second.state(true, false);
  assert.equal(await idle(second), 0, 'nobody holds');
  second.state(true, true, other);
  assert.equal(await idle(second), 0, 'another lock');
  second.state(true, true);
  assert.equal(await idle(second), 1);
});

test('no lease goes out while the view covers; one at once when it does not any more', async () => {
  const { heard } = await enter();
  held = true;
  renewed = 0;
  link.send(lease);
  link.show(view(false));
  assert.equal(renewed, 1);
  link.send({ ...lease, sequence: 2 });
  link.show(view(true));
  link.send({ ...lease, sequence: 3 });
  await until(() => heard.at(-1)?.kind === 'cover' && heard.length > 3);
  const kinds = heard.slice(2).map((message) => (message.kind === 'lease' ? message.sequence : message.kind));
  assert.deepEqual(kinds, ['label', 2, 'cover']);
});

test('the last curtain that goes locks an open desktop; one of two does not', async () => {
  const [first, second] = [await enter(), await enter()];
  held = true;
  first.socket.destroy();
  await until(() => recorded.filter(({ kind }) => kind === 'curtain.lost').length === 1);
  assert.deepEqual(events, []);
  second.socket.destroy();
  await until(() => events.length > 0);
  assert.deepEqual(events, [{ kind: 'lock-asked', reason: 'screen-lost' }]);
});

test('the hot key locks', async () => {
  const { say } = await enter();
  say({ kind: 'lock-asked' });
  await until(() => events.length > 0);
  assert.deepEqual(events, [{ kind: 'lock-asked', reason: 'button' }]);
});

test('nonsense ends the connection: no greeting, two of them, another shape, a line without end', async () => {
  for (const said of [
    '{"kind":"curtain-state","lock":null,"covered":true,"held":true,"displays":1}\n',
    '{"kind":"lease"}\n',
    'nonsense\n',
    'x'.repeat(longestCurtainLine + 1),
  ]) {
    const { say, gone } = await enter(false);
    say(said);
    await gone;
  }
  const { say, gone } = await enter();
  say({ kind: 'curtain-hello', pid: 42 });
  await gone;
  assert.deepEqual(events, []);
});

test('a name longer than a line is cut between letters, and control characters are left out', async () => {
  const { heard } = await enter();
  link.show(view(true, `\u0007${'棟'.repeat(90)}`));
  await until(() => heard.length > 2);
  const label = heard.at(-1);
  assert.ok(label?.kind === 'label' && label.terminal === '棟'.repeat(53));
  assert.ok(Buffer.byteLength(`${JSON.stringify(label)}`) <= longestCurtainLine);
});
