import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import type { ToScreen } from '#contract/screen.ts';
import { type GuardDeps, startGuard } from './guard.ts';
import { createLog } from './log.ts';
import { ok, startTestServer, type TestServer } from './test-server.ts';

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
