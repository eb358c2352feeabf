import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { PersonId } from '#contract/ids.ts';
import type { ToScreen } from '#contract/screen.ts';
import { type GuardDeps, startGuard } from './guard.ts';
import { createLog } from './log.ts';
import { openOfflineStore } from './offline-store.ts';
import { hello, ok, refuse, startTestServer, type TestServer } from './test-server.ts';

const person = '0190a000-0000-7000-8000-0000000000a1' as PersonId;
let folder = '';
let server: TestServer;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kazasu-whole-'));
  server = await startTestServer();
  writeFileSync(join(folder, 'ca.pem'), server.identity.authority);
  writeFileSync(join(folder, 'reader.cjs'), `process.on('message', ({ kind }) => kind === 'stop' && process.exit(0));`);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function depsOf(name: string): GuardDeps {
  const kept = new Map<string, string>();
  return {
    settings: {
      data: join(folder, name),
      origins: [server.origin],
      authority: join(folder, 'ca.pem'),
      enrolmentCode: 'code',
      curtain: undefined,
      hooks: undefined,
      logind: undefined,
      beat: undefined,
      socket: join(folder, name, 'run', 'guard.sock'),
      ignoreReaders: [],
      logLevel: 'error',
      endsWithParent: false,
      readerEnvironment: {},
    },
    keychain: {
      tryRead: async (account) => kept.get(account),
      write: async (account, secret) => void kept.set(account, secret),
      remove: async (account) => void kept.delete(account),
    },
    keychainAdvice: '',
    createPeerUser: () => () => undefined,
    holdLife: () => undefined,
    asUser: async () => [],
    boot: 'one',
    readerProgram: join(folder, 'reader.cjs'),
    log: createLog({ level: 'error', now: () => new Date(), write: () => undefined }),
    tell: () => undefined,
    onAdmittedAnew: () => undefined,
  };
}

/** The first message to a screen that this fits. */
async function hear(path: string, fits: (message: ToScreen) => boolean): Promise<ToScreen> {
  const socket = connect(path);
  socket.write(`${JSON.stringify({ kind: 'hello', pid: 1, runtime: 'test' })}\n`);
  for await (const line of createInterface({ input: socket })) {
    const message = JSON.parse(line) as ToScreen;
    if (fits(message)) {
      socket.destroy();
      return message;
    }
  }
  throw new Error('the guard hung up');
}

/** What holds the process open, without what the test runner holds. */
const held = () =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(Pipe|TTY|FSReq|Immediate|CloseReq)/.test(kind))
    .sort();

test('a guard starts covered, and leaves nothing behind when it has stopped', async () => {
  const before = held();
  const deps = depsOf('first');
  server.on('/v1/terminals/enrol', () => ok('nothing'));
  const guard = await startGuard(deps);
  const shown = await hear(deps.settings.socket, ({ kind }) => kind === 'view');
  assert.ok(shown.kind === 'view' && shown.view.cover);
  await guard.stop();
  await new Promise(setImmediate);
  assert.deepEqual(held(), before);
});

test('a guard whose files cannot be written starts all the same; its journal is not at fault', async () => {
  const deps = depsOf('third');
  await (await startGuard(deps)).stop();
  for (const name of ['head.json', 'offline.json', 'time.json', 'position.json', 'log-witness.json']) {
    rmSync(join(deps.settings.data, name), { force: true });
    mkdirSync(join(deps.settings.data, name));
  }
  const guard = await startGuard(deps);
  const shown = await hear(deps.settings.socket, ({ kind }) => kind === 'view');
  assert.ok(shown.kind === 'view' && shown.view.cover);
  const { picture } = shown.view;
  assert.ok(picture.kind !== 'not-ready' || !picture.why.startsWith('journal'));
  await guard.stop();
});

/** A terminal that is enrolled, and where Hanako's login is kept for times without the server. Its keychain's answers can be late. */
async function enrolledOf(name: string) {
  const deps = depsOf(name);
  const { data } = deps.settings;
  mkdirSync(data, { recursive: true });
  const place = realpathSync(data);
  const { privateKey, ...admitted } = server.identity;
  await deps.keychain.write(`terminal ${place}`, privateKey);
  writeFileSync(join(data, 'terminal.json'), JSON.stringify(admitted));
  const open = () =>
    openOfflineStore({
      path: join(data, 'offline.json'),
      keychain: deps.keychain,
      account: `offline ${place}`,
      log: deps.log,
    });
  const entry = {
    card: 'c',
    person,
    assurance: 'identifier',
    loginAt: 0,
    failures: 0,
    salt: 's',
    greeting: 'g',
    verifier: 'v',
  } as const;
  await (await open()).save({ seen: 0, policy: null, entries: [entry] });
  let lateBy = 0;
  const keychain: GuardDeps['keychain'] = {
    ...deps.keychain,
    tryRead: async (account) => {
      await wait(lateBy);
      return deps.keychain.tryRead(account);
    },
  };
  return {
    deps: { ...deps, settings: { ...deps.settings, enrolmentCode: undefined }, keychain },
    beLate(milliseconds: number) {
      lateBy = milliseconds;
    },
    listKept: async () => (await open()).content.entries,
  };
}
const shows = (deps: GuardDeps, why: string): Promise<ToScreen> =>
  hear(deps.settings.socket, ({ kind, ...rest }) => kind === 'view' && JSON.stringify(rest).includes(`"why":"${why}"`));

test('a terminal that is told that it is revoked keeps nothing for times without the server', async () => {
  const { deps, listKept } = await enrolledOf('revoked');
  server.on('/v1/terminals/stream', () => refuse(403, 'TERMINAL_REVOKED'));
  const guard = await startGuard(deps);
  await shows(deps, 'terminal-revoked');
  await guard.stop();
  assert.deepEqual(await listKept(), []);
});

test('a revocation that is heard while the keychain is late is confirmed, and holds at the next start', async () => {
  const { beLate, deps, listKept } = await enrolledOf('late');
  server.on('/v1/terminals/stream', () => 'stream');
  server.on('/v1/terminals/confirm', () => ok({}));
  const isConfirmed = () => server.heard.some(({ path }) => path === '/v1/terminals/confirm');
  beLate(2_100);
  const guard = await startGuard(deps);
  await server.until(() => server.streams() === 1);
  server.push(hello);
  const at = '2026-11-22T06:00:00.000Z';
  server.push({ kind: 'revocation', order: { number: 1, what: 'person', subject: person, at } });
  await server.until(isConfirmed);
  await guard.stop();
  beLate(0);
  assert.deepEqual(await listKept(), []);
});

test('a journal that cannot be written is named on the lock screen, and the terminal stays locked', async () => {
  const deps = depsOf('second');
  mkdirSync(deps.settings.data, { recursive: true });
  writeFileSync(join(deps.settings.data, 'journal'), 'a file where the folder should be');
  const guard = await startGuard(deps);
  const shown = await hear(
    deps.settings.socket,
    (message) =>
      message.kind === 'view' &&
      message.view.picture.kind === 'not-ready' &&
      message.view.picture.why === 'journal-failed',
  );
  assert.ok(shown.kind === 'view' && shown.view.cover);
  await guard.stop();
});
